// Search within the transcript: finds consecutive words that begin with the typed words; endings and «ё» are ignored.

import { seek } from "./player.js";
import { bringIntoView } from "./transcript.js";

const ENDING = /[аеиоуыэюяйь]{1,2}$/;
let found = []; // for each match, the elements of its words
let at = -1;

const field = () => document.querySelector("[data-find]");
const fold = (text) => text.toLowerCase().replaceAll("ё", "е").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const stem = (word) => (word.length > 3 ? word.replace(ENDING, "") : word);

function look() {
  for (const word of document.querySelectorAll("#transcript .is-found")) word.classList.remove("is-found", "is-here");
  const asked = fold(field()?.value ?? "").split(" ").filter(Boolean).map(stem);
  found = [];
  for (const line of asked.length ? document.querySelectorAll("#transcript [data-sequence]") : []) {
    const words = [...line.querySelectorAll(".said-text > span")];
    const said = words.map((word) => fold(word.textContent));
    for (let place = 0; place + asked.length <= words.length; place += 1) {
      if (asked.every((word, step) => said[place + step].startsWith(word))) found.push(words.slice(place, place + asked.length));
    }
  }
  for (const word of found.flat()) word.classList.add("is-found");
}

function count() {
  const place = document.querySelector("[data-find-count]");
  if (place) place.textContent = fold(field().value) ? (found.length ? `${at + 1} из ${found.length}` : "нет") : "";
}

function stand(place) {
  for (const word of found[at] ?? []) word.classList.remove("is-here");
  at = found.length ? (place + found.length) % found.length : -1;
  for (const word of found[at] ?? []) word.classList.add("is-here");
  if (at >= 0) bringIntoView(found[at][0], { always: true });
  count();
}

function step(by) {
  if (!found.length) return;
  stand(at + by);
  const { second } = found[at][0].dataset;
  if (second) seek(Number(second), { play: false });
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-find]")) return;
  look();
  stand(0);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-find-step]");
  if (button) step(Number(button.dataset.findStep));
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-find]")) return;
  if (event.code === "Enter" || event.code === "NumpadEnter") {
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  }
  if (event.code === "Escape") event.target.blur();
});
document.addEventListener("transcript:grown", () => {
  look();
  found[at]?.forEach((word) => word.classList.add("is-here"));
  count();
});

// A link from the list of calls carries the query (`find`) and the second of the hit (`t`). Selects the hit's word.
const asked = new URLSearchParams(location.search).get("find");
if (asked && field()) {
  const second = Number(new URLSearchParams(location.hash.slice(1)).get("t"));
  for (const word of asked.replaceAll('"', " ").split(/\s+/)) {
    if (word.startsWith("-")) continue;
    field().value = word;
    look();
    const place = found.findIndex(([first]) => Math.abs(Number(first.dataset.second) - second) < 0.02);
    if (place < 0) continue;
    stand(place);
    break;
  }
  if (at < 0) {
    field().value = "";
    look();
  }
}
