// Waits until PostgreSQL is back, then loads the page again.

async function look() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    if (answer.ok) location.reload();
  } catch {
    // the desk itself restarts: ask again in a moment
  }
}

setInterval(look, 2000);
