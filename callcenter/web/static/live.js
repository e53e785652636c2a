// News from the server. An event `call` becomes the page's event `live:call`; parts of the page that show
// calls listen for it and ask for themselves again. A part that shows one call or ticket names it in `data-watch`
// ("call:17 ticket:4") and hears `live:own`. What may have been missed is asked for as a whole. The words that are being
// said in the call that the page shows (`data-call`) come themselves, as `live:spoken`.

const banner = document.getElementById("connection");
const wantsNews = document.querySelector("[data-live]");
const TOPICS = ["call", "ticket", "task", "alarm", "member", "recording", "transcript", "question", "meter"];
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;

let source = null;
let wait = FIRST_WAIT;
let timer = 0;
let interrupted = false;
let mark = document.body.dataset.mark; // what happened since the page was made is told at once

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
  let away = false; // a server without its database ends the stream after it has said so
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

// A browser opens few connections to one address: pages in the background give theirs back,
// except the board, which may hang on a second screen.
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
  document.addEventListener("DOMContentLoaded", connect); // htmx lets the parts of the page listen then, just before
  document.addEventListener("visibilitychange", followVisibility);
  window.addEventListener("pagehide", () => source?.close());
}

// The title of a page that lies behind others tells how many alarms nobody has seen.
const title = document.title;
function countAlarms() {
  const unseen = Number(document.querySelector("[data-unseen]")?.dataset.unseen ?? 0);
  document.title = unseen ? `(${unseen}) ${title}` : title;
}
countAlarms();
document.addEventListener("htmx:after:swap", countAlarms);

// What the person asked for did not happen, and why: said for a while, then taken away.
let faultTimer = 0;
document.body.addEventListener("desk:fault", (event) => {
  show(event.detail.message);
  clearTimeout(faultTimer);
  faultTimer = setTimeout(() => interrupted || show(""), 8000);
});
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status === 401) location.reload();
});
