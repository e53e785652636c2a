// Keyboard shortcuts. Places of keys are used, not letters: they are the same in Russian and English layouts.

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]") !== null;
}

function moveInList(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next].querySelector("a").focus();
  return true;
}

function act(event) {
  if (event.key === "?") return document.getElementById("shortcuts")?.showModal(), true;
  if (event.code === "Slash" || event.code === "KeyF") {
    const search = document.querySelector("[data-search]");
    search?.focus();
    search?.select();
    return Boolean(search);
  }
  if (/^(Digit|Numpad)[1-9]$/.test(event.code)) {
    const link = document.querySelector(`[data-key="${event.code.slice(-1)}"]`);
    link?.click();
    return Boolean(link);
  }
  if (event.code === "ArrowDown") return moveInList(1);
  if (event.code === "ArrowUp") return moveInList(-1);
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (act(event)) event.preventDefault();
});
