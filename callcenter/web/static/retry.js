// Reloads the page when `/healthz` reports that PostgreSQL is back.

async function look() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    if (answer.ok) location.reload();
  } catch {
    // the desk is restarting: the next request follows
  }
}

setInterval(look, 2000);
