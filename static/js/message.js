// The page of a message: the preview follows what is typed, and what is inserted goes where the cursor was.

const form = document.getElementById("message-form");
const PAUSE_MILLISECONDS = 600;
let last = null;
let timer = null;

function show() {
  clearTimeout(timer);
  timer = setTimeout(() => form.requestSubmit(form.querySelector("[data-preview]")), PAUSE_MILLISECONDS);
}

form?.addEventListener("input", show);
document.addEventListener("htmx:afterSettle", (event) => event.target.id === "editor" && show());

document.addEventListener("focusout", (event) => {
  const field = event.target;
  if (field.matches?.("#editor textarea, #subject, #preheader")) last = field;
});

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches?.("[data-insert-button]") || !last?.isConnected) return;
  const name = form.querySelector("[name=insert_name]").value.trim();
  if (!name) return;
  event.preventDefault();
  const fallback = form.querySelector("[name=insert_fallback]").value.replace(/'/g, "’").replace(/[{}]/g, "");
  const path = /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name) ? `customer.${name}` : `customer["${name.replace(/"/g, "")}"]`;
  last.setRangeText(`{{ ${path} | default: '${fallback}' }}`, last.selectionStart, last.selectionEnd, "end");
  last.focus();
  last.dispatchEvent(new Event("input", { bubbles: true }));
});
