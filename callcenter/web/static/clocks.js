// Updates the running times of the page every second, by the server's clock: the local clock may be minutes off.

const skew = Number(document.documentElement.dataset.now) - Date.now();

export function serverNow() {
  return Date.now() + skew;
}

// Must agree with `spell_wait` in formatting.py.
function spell(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} дн. ${hours % 24} ч`;
  if (hours) return `${hours} ч ${String(minutes % 60).padStart(2, "0")} мин`;
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = serverNow();
  for (const element of document.querySelectorAll("[data-since]")) {
    const past = now - Number(element.dataset.since);
    write(element, spell(past));
    if (!element.dataset.late) continue;
    element.classList.toggle("is-late", past >= Number(element.dataset.late) * 1000);
    element.classList.toggle("is-near", past >= Number(element.dataset.near) * 1000 && past < Number(element.dataset.late) * 1000);
  }
  for (const element of document.querySelectorAll("[data-due]")) {
    const left = Number(element.dataset.due) - now;
    write(element, left < 0 ? `просрочено ${spell(-left)}` : `осталось ${spell(left)}`);
    element.classList.toggle("is-late", left < 0);
    element.classList.toggle("is-near", left >= 0 && left < Number(element.dataset.warn) * 1000);
  }
  for (const element of document.querySelectorAll("[data-wall-clock]")) {
    const zone = element.dataset.wallClock;
    write(element, new Date(now).toLocaleTimeString("ru-RU", { timeZone: zone, hour: "2-digit", minute: "2-digit" }));
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", tick);
