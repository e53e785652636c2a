// Filters the list of ticket categories by the resident's words, typed by the dispatcher.

function plain(text) {
  return text.toLowerCase().replaceAll("ё", "е");
}

// Drops the last letter, so that other word forms match: «трубу» finds «труба».
function stem(word) {
  return word.length > 4 ? word.slice(0, -1) : word;
}

function narrow(words) {
  const select = document.getElementById("category");
  const stems = plain(words.value).split(/[^а-яa-z0-9]+/).filter(Boolean).map(stem);
  let first = null;
  for (const option of select.options) {
    const suits = stems.every((one) => plain(option.dataset.words ?? "").includes(one));
    option.hidden = !suits && Boolean(option.value);
    if (suits && option.value) first ??= option;
  }
  if (!stems.length || !first || select.value === first.value) return;
  select.value = first.value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  if (event.target.id === "category-words") narrow(event.target);
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "category-words" || (event.key !== "Enter" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  document.getElementById("category").focus();
});
