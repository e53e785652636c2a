// Keyboard shortcuts. They use physical key codes, which are the same in Russian and English layouts.
// A shortcut follows a link but only focuses a button, so that a key pressed by mistake changes nothing.

const REACHABLE = "a[href], button, select, input";

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]") !== null;
}

function moveInList(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.querySelector(REACHABLE));
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next].querySelector(REACHABLE).focus();
  return true;
}

function jump(code) {
  const goal = document.querySelector(`[data-jump="${code}"]`);
  if (goal?.matches("a:not([role=button])")) goal.click();
  else goal?.focus();
  return Boolean(goal);
}

function act(event) {
  if (event.key === "?") return document.getElementById("shortcuts")?.showModal(), true;
  if (event.code === "Slash" || event.code === "KeyY") {
    const search = document.querySelector("[data-search]");
    search?.focus();
    search?.select();
    return Boolean(search);
  }
  if (event.code === "ArrowDown") return moveInList(1);
  if (event.code === "ArrowUp") return moveInList(-1);
  return jump(event.code.replace("Numpad", "Digit"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (act(event)) event.preventDefault();
});

// Replacing a part of the page may remove the focused element. The focus then moves to the same row, else to the first
// row of the same list, else to the element marked `data-land`.
let focused = null;
let row = null;
let list = null;

document.addEventListener("focusin", ({ target }) => {
  if (target.closest("dialog")) return;
  focused = target;
  row = target.closest("[data-row]")?.id ?? null;
  list = target.closest("[data-row]")?.closest("section")?.id ?? null;
});
document.addEventListener("pointerdown", () => (focused = null));

function bringFocusBack() {
  if (!focused || focused.isConnected || document.querySelector("dialog[open]")) return;
  focused = null;
  const again = row && document.getElementById(row)?.querySelector(REACHABLE);
  const first = list && document.querySelector(`#${CSS.escape(list)} [data-row]`)?.querySelector(REACHABLE);
  (again || first || document.querySelector("[data-land]"))?.focus();
}

document.addEventListener("htmx:after:swap", bringFocusBack);
document.addEventListener("close", bringFocusBack, true);
document.addEventListener("htmx:after:swap", () => document.querySelector("form .is-invalid")?.focus());
