// Sets the light or dark theme before the page is drawn: the one chosen on this computer, else that of its system.

(() => {
  const page = document.documentElement;
  page.dataset.scripts = "on";
  const night = window.matchMedia("(prefers-color-scheme: dark)");

  function show() {
    const dark = localStorage.getItem("theme") ? localStorage.getItem("theme") === "dark" : night.matches;
    page.dataset.bsTheme = dark ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.setAttribute("aria-pressed", String(dark));
    }
  }

  show();
  night.addEventListener("change", show);
  window.addEventListener("storage", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    localStorage.setItem("theme", page.dataset.bsTheme === "dark" ? "light" : "dark");
    show();
  });
})();
