// Dialogs: opened by a button, or by htmx after it has loaded their content; closed when their form has been submitted.

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

// The server fires `desk:done` when it has executed the action of the dialog.
document.body.addEventListener("desk:done", () => {
  if (!dialog?.open) return;
  dialog.close();
});

dialog?.addEventListener("close", () => dialog.replaceChildren());

// Copies a chosen ready-made answer into the field named by `data-fills`, where it can be edited.
document.addEventListener("change", (event) => {
  const choice = event.target.closest("[data-fills]");
  if (!choice) return;
  document.querySelector(choice.dataset.fills).value = choice.value;
});

// Submits a filter form on every change; its button is for browsers without scripts.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-instant]")?.requestSubmit();
});
