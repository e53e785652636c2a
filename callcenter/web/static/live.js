// Client of the event stream `/live`. A server event of topic `call` is fired on the page as `live:call`; the parts
// that show calls then reload. A part that shows one call or ticket names it in `data-watch` ("call:17 ticket:4") and
// gets `live:own`. When events may have been missed, `live:refresh` reloads all parts. Partial recognition results of
// the page's call (`data-call`) are fired as `live:spoken`, with the text.

const banner = document.getElementById("connection");
const wantsNews = document.querySelector("[data-live]");
const TOPICS = ["call", "ticket", "task", "alarm", "member", "recording", "transcript", "question", "meter"];
const FIRST_WAIT = 1000; // milliseconds before the first reconnection; doubled after each failure
const LONGEST_WAIT = 15000; // milliseconds

let source = null;
let wait = FIRST_WAIT;
let timer = 0;
let interrupted = false;
let mark = document.body.dataset.mark; // update id at rendering: if a newer one exists, the server sends `refresh`

function announce(topic, identifiers = "") {
  document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
  const named = new Set(identifiers.split(" ").map((identifier) => `${topic}:${identifier}`));
  for (const part of document.querySelectorAll("[data-watch]")) {
    if (part.dataset.watch.split(" ").some((one) => named.has(one))) part.dispatchEvent(new CustomEvent("live:own"));
  }
}

function show(text) {
  banner.textContent = text;
  banner.hidden = !text;
}

function refreshAll() {
  show("");
  interrupted = false;
  wait = FIRST_WAIT;
  announce("refresh");
}

function connect() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(`/live?${new URLSearchParams({ mark, call: document.body.dataset.call ?? "" })}`);
  mark = "";
  let away = false; // a server without its database sends `lost` and ends the stream
  source.addEventListener("hello", () => (interrupted ? refreshAll() : show("")));
  source.addEventListener("refresh", refreshAll);
  source.addEventListener("lost", () => {
    interrupted = away = true;
    show("Нет связи с базой данных. Показано последнее известное; звонки принимаются.");
  });
  source.addEventListener("signed-out", () => location.reload());
  source.addEventListener("spoken", ({ data }) => {
    document.body.dispatchEvent(new CustomEvent("live:spoken", { detail: JSON.parse(data) }));
  });
  for (const topic of TOPICS) source.addEventListener(topic, (event) => announce(topic, event.data));
  source.onerror = () => {
    interrupted = true;
    source.close();
    if (!away) show("Связь с сервером прервалась. Восстанавливаем…");
    timer = setTimeout(connect, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
}

// A browser limits its connections to one host, so a page in the background closes its stream. The board keeps it,
// because it may be on a second screen.
function followVisibility() {
  if (document.hidden && wantsNews.dataset.live !== "always") {
    clearTimeout(timer);
    source?.close();
    source = null;
  } else if (!document.hidden && !source) {
    interrupted = true;
    connect();
  }
}

if (wantsNews) {
  document.addEventListener("DOMContentLoaded", connect); // htmx has registered the listeners of the parts by then
  document.addEventListener("visibilitychange", followVisibility);
  window.addEventListener("pagehide", () => source?.close());
}

// The page title shows the number of unseen alarms, so that it is visible on a tab in the background.
const title = document.title;
function countAlarms() {
  const unseen = Number(document.querySelector("[data-unseen]")?.dataset.unseen ?? 0);
  document.title = unseen ? `(${unseen}) ${title}` : title;
}
countAlarms();
document.addEventListener("htmx:after:swap", countAlarms);

// Shows for 8 s why the user's action failed.
let faultTimer = 0;
document.body.addEventListener("desk:fault", (event) => {
  show(event.detail.message);
  clearTimeout(faultTimer);
  faultTimer = setTimeout(() => interrupted || show(""), 8000);
});
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status === 401) location.reload();
});
