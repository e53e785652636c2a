// The transcript of a call: it highlights the words being played, seeks to a word, and grows during the call. Finished
// lines are fetched by sequence number, so a lost connection neither loses nor duplicates a line. Partial results are
// pushed by the server and shown only until their line is finished.

import { player, seek } from "./player.js";

const HANDS_OFF = 5000; // milliseconds without automatic scrolling after the user has scrolled
const LINGER = 0.4; // seconds for which the last word of a line stays highlighted after its end

const list = () => document.getElementById("transcript");
let indexed = null; // the list element whose words are in `sides`
let sides = []; // for each speaker the words sorted by time: {second, end, element}
let lit = new Set();
let scrolledAt = 0;

function index() {
  indexed = list();
  const found = {};
  for (const line of indexed?.children ?? []) {
    const words = [...line.querySelectorAll(".said-text > [data-second]")];
    words.forEach((element, place) => {
      const end = words[place + 1]?.dataset.second ?? Number(line.dataset.end) + LINGER;
      (found[line.dataset.speaker] ??= []).push({ second: Number(element.dataset.second), end: Number(end), element });
    });
  }
  sides = Object.values(found);
  for (const words of sides) words.sort((one, other) => one.second - other.second);
}

function wordAt(words, second) {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].second <= second) low = middle + 1;
    else high = middle;
  }
  const word = words[low - 1];
  return word && second < word.end ? word.element : null;
}

export function bringIntoView(element, { always = false } = {}) {
  if (!always && Date.now() - scrolledAt < HANDS_OFF) return;
  const box = list();
  const line = element.closest("li");
  const top = line.offsetTop;
  if (!always && top >= box.scrollTop && top + line.offsetHeight <= box.scrollTop + box.clientHeight) return;
  box.scrollTop = top - (box.clientHeight - line.offsetHeight) / 2;
}

function follow() {
  const audio = player();
  if (!audio || !list()) return;
  if (indexed !== list()) index();
  const second = audio.currentTime + 0.02;
  const now = new Set(sides.map((words) => wordAt(words, second)).filter((word) => word && second > 0.02));
  for (const word of lit) if (!now.has(word)) word.classList.remove("is-now");
  for (const word of now) {
    if (lit.has(word)) continue;
    word.classList.add("is-now");
    bringIntoView(word);
  }
  lit = now;
}

function keepFollowing() {
  follow();
  if (player() && !player().paused) requestAnimationFrame(keepFollowing);
}

document.addEventListener("play", keepFollowing, true);
for (const kind of ["seeking", "seeked", "timeupdate"]) document.addEventListener(kind, follow, true);
// Scrolling by hand or pressing the scrollbar pauses automatic scrolling; pressing a word or a time resumes it.
for (const kind of ["wheel", "touchmove", "pointerdown"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.closest("#transcript")) scrolledAt = kind === "pointerdown" && event.target !== list() ? 0 : Date.now();
  }, { passive: true });
}

// Keyboard: the list is one Tab stop; in it arrows move over words and lines, and Enter plays from the focused one.

function enter(element) {
  if (!element) return;
  if (!element.matches("button")) {
    element.tabIndex = -1;
    element.setAttribute("role", "button");
  }
  element.focus({ preventScroll: true });
  bringIntoView(element, { always: true });
}

function walk(code, at) {
  const stops = [...list().querySelectorAll(".said-text > [data-second]")];
  const here = stops.indexOf(at);
  if (code === "ArrowLeft" || code === "ArrowRight") {
    const next = here + (code === "ArrowLeft" ? -1 : 1);
    return stops[Math.min(Math.max(next, 0), stops.length - 1)];
  }
  const line = at.closest("li");
  const next = line ? line[code === "ArrowUp" ? "previousElementSibling" : "nextElementSibling"] : null;
  return (next ?? line ?? list()).querySelector(".said-text > [data-second]") ?? next?.querySelector("button");
}

document.addEventListener("keydown", (event) => {
  if (!event.target.closest("#transcript") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.code.startsWith("Arrow")) enter(walk(event.code, event.target));
  else if (event.code === "Enter" && event.target.dataset.second) seek(Number(event.target.dataset.second), { play: true });
  else return;
  event.preventDefault();
}, true);

// A link to a second of the recording, e.g. #t=12.3: the player seeks there and does not start.
function goToLink() {
  const second = Number(new URLSearchParams(location.hash.slice(1)).get("t") ?? NaN);
  if (!Number.isFinite(second) || !player()) return;
  seek(second, { play: false });
  follow();
  list()?.closest("section").scrollIntoView({ block: "nearest" });
  for (const word of lit) bringIntoView(word, { always: true });
}

// Partial results: {speaker: [start of the line in milliseconds since 1970, text]}; an empty text removes the line.

function showSpoken({ detail }) {
  const box = list();
  if (!box) return;
  const low = nearEnd(box);
  for (const [side, [at, text]] of Object.entries(detail)) {
    const said = [...box.querySelectorAll(`[data-sequence][data-speaker="${side}"]`)].some((line) => line.dataset.at >= at);
    const line = formingLine(box, side);
    if (text && !said) {
      const shown = line ?? box.appendChild(makeLine(side));
      shown.dataset.at = at;
      shown.querySelector(".said-text").textContent = text;
    } else {
      line?.remove();
    }
  }
  if (low) box.scrollTop = box.scrollHeight;
}

const formingLine = (box, side) => box.querySelector(`.is-forming[data-speaker="${side}"]`);

function makeLine(side) {
  const line = document.querySelector("[data-forming-line]").content.firstElementChild.cloneNode(true);
  line.dataset.speaker = side;
  line.classList.add(`said-${side}`);
  line.querySelector(".said-who").textContent = document.body.dataset[side];
  return line;
}

function nearEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 60;
}

// Fetches the lines after the newest one shown. Only one request runs at a time; a call during it starts the next one.

let reading = false;
let again = false;

async function readOn() {
  const box = list();
  if (!box) return;
  again = reading;
  if (reading) return;
  reading = true;
  try {
    const last = Math.max(-1, ...[...box.querySelectorAll("[data-sequence]")].map((line) => Number(line.dataset.sequence)));
    const answer = await fetch(`${box.dataset.transcript}?after=${last}`, { headers: { "HX-Request": "true" } });
    if (answer.ok) addLines(box, await answer.text());
  } catch {
    // no connection: `live:refresh` repeats the request when it is back
  } finally {
    reading = false;
    if (again) readOn();
  }
}

function addLines(box, html) {
  const low = nearEnd(box);
  const lines = [...document.createRange().createContextualFragment(html).children];
  for (const line of lines) {
    if (document.getElementById(line.id)) continue;
    const forming = formingLine(box, line.dataset.speaker);
    if (forming && Number(forming.dataset.at) <= Number(line.dataset.at)) forming.remove();
    const later = [...box.children].find((other) => Number(other.dataset.at) > Number(line.dataset.at));
    box.insertBefore(line, later ?? null);
  }
  if (lines.length) {
    index();
    document.dispatchEvent(new CustomEvent("transcript:grown"));
  }
  if (low) box.scrollTop = box.scrollHeight;
}

document.body.addEventListener("live:spoken", showSpoken);
document.body.addEventListener("live:refresh", readOn);
document.addEventListener("live:own", (event) => event.target === list() && readOn(), true);
document.addEventListener("htmx:after:swap", () => list() && !list().childElementCount && readOn());
addEventListener("hashchange", goToLink);
goToLink();
if (document.querySelector("#transcript") && !player()) list().scrollTop = list().scrollHeight;
