// The last script of a page: says that everything before it is in force, htmx too, which begins at this same event.
// Until then keys do nothing, and the hints of keys are dim.
document.addEventListener("DOMContentLoaded", () => {
  document.documentElement.dataset.ready = "";
});
