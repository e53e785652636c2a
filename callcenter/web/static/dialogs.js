// Windows over the page: opened by a button, or filled by htmx and then opened; forms in them close them when done.

const dialog = document.getElementById("dialog");

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.querySelector(opener.dataset.open).showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog").close();
});

document.addEventListener("htmx:after:swap", () => {
  if (!dialog?.childElementCount || dialog.open) return;
  dialog.setAttribute("aria-labelledby", dialog.querySelector("h2").id);
  dialog.showModal();
});

// The server says that what the window was for has been done.
document.body.addEventListener("desk:done", () => {
  if (!dialog?.open) return;
  dialog.close();
});

dialog?.addEventListener("close", () => dialog.replaceChildren());

// A ready answer is put into the field beside it, to be completed by hand.
document.addEventListener("change", (event) => {
  const choice = event.target.closest("[data-fills]");
  if (!choice) return;
  document.querySelector(choice.dataset.fills).value = choice.value;
});

// Filters take effect at once; the button beside them serves those without scripts.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-instant]")?.requestSubmit();
});
