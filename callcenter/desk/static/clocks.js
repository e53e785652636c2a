// Times that count on in the page. The server's hour rules: the computer on the desk may be minutes off.

const skew = Number(document.documentElement.dataset.now) - Date.now();

export function serverNow() {
  return Date.now() + skew;
}

function spell(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  if (hours >= 48) return `${Math.floor(hours / 24)} дн.`;
  return hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = serverNow();
  for (const element of document.querySelectorAll("[data-since]")) {
    write(element, spell(now - Number(element.dataset.since)));
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
