// What every page of the product shares: search key, shortcuts, menus, dialogs, toasts, copying, focus after a swap.

const TOAST_MILLISECONDS = 8000;

const byId = (id) => document.getElementById(id);
const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

// Keys

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    focusSearch();
  } else if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
    event.preventDefault();
    open(byId("shortcuts"));
  } else if (event.key === "Escape") {
    closeMenus({ except: null, keepFocus: true });
  }
});

function focusSearch() {
  const boxes = [...document.querySelectorAll('.search input[name="q"]')];
  let box = boxes.find((candidate) => candidate.checkVisibility());
  if (!box) {
    const menu = document.querySelector(".top-menu");
    if (!menu) return;
    menu.open = true;
    box = menu.querySelector('input[name="q"]');
  }
  box.focus();
  box.select();
}

// Clicks

document.addEventListener("click", (event) => {
  const within = (selector) => event.target.closest(selector);
  closeMenus({ except: within("details.menu") });
  const opener = within("[data-open]");
  if (opener) {
    closeMenus({ except: null });
    open(byId(opener.dataset.open));
  }
  if (within("[data-dismiss]")) within(".toast").remove();
  if (within("[data-copy]")) copy(within("[data-copy]"));
  if (within("[data-close]")) within("dialog")?.close();
  // A press inside that ends outside selects text.
  if (event.target.matches("dialog[open]") && isOutside(event.target, event) && pressed === event.target) event.target.close();
});

let pressed = null;
document.addEventListener("pointerdown", (event) => {
  pressed = event.target.matches("dialog[open]") && !isOutside(event.target, event) ? null : event.target;
});

function isOutside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

function closeMenus({ except, keepFocus = false }) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu === except) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (keepFocus && hadFocus) menu.querySelector("summary").focus();
  }
}

function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

async function copy(button) {
  const source = byId(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source);
    return;
  }
  const words = button.querySelector("span") ?? button;
  const before = words.textContent;
  if (before === button.dataset.copied) return;
  words.textContent = button.dataset.copied;
  setTimeout(() => (words.textContent = before), 2000);
}

// Questions before what cannot be undone: hx-confirm, or data-confirm on a form or its button; data-confirm-label names the act

let answered = null;

function ask({ question, label }, yes) {
  const dialog = byId("confirm");
  const button = dialog.querySelector("[data-confirm-yes]");
  closeMenus({ except: null });
  byId("confirm-text").textContent = question;
  button.textContent = label ?? button.dataset.confirmYes;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && yes(), { once: true });
  open(dialog);
}

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  const label = event.detail.elt.dataset.confirmLabel;
  ask({ question: event.detail.question, label }, () => event.detail.issueRequest(true));
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || answered === form) {
    answered = null;
    return;
  }
  event.preventDefault();
  const label = event.submitter?.dataset.confirmLabel ?? form.dataset.confirmLabel;
  ask({ question, label }, () => {
    answered = form;
    form.requestSubmit(event.submitter);
  });
});

// Toasts

function retire(toast) {
  if (!toast.matches(".toast--success, .toast--info") || toast.querySelector("a, form")) return;
  const later = () => setTimeout(() => (toast.matches(":hover, :focus-within") ? later() : toast.remove()), TOAST_MILLISECONDS);
  later();
}

const toasts = byId("toasts");
if (toasts) {
  toasts.querySelectorAll(".toast").forEach(retire);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.(".toast")) retire(node);
  }).observe(toasts, { childList: true });
}

const say = (template) => toasts?.append(byId(template).content.cloneNode(true));
document.addEventListener("htmx:responseError", () => say("toast-failed"));
document.addEventListener("htmx:sendError", () => say("toast-offline"));

byId("dialog")?.addEventListener("close", () => byId("dialog-body").replaceChildren());

// Swaps: a dialog opens when it gets content; focus that a swap took away stays near (htmx itself keeps it by id)

let lostFrom = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  lostFrom = event.target.contains(document.activeElement) ? document.activeElement : null;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "dialog-body") {
    const dialog = byId("dialog");
    if (event.target.childElementCount) open(dialog);
    else dialog.close();
  }
  if (lostFrom && !lostFrom.isConnected && document.activeElement === document.body) {
    const swapped = event.target.isConnected ? event.target : byId("main");
    const place = swapped.querySelector("[aria-invalid='true']") ?? swapped;
    if (place.tabIndex < 0 && !place.hasAttribute("tabindex")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }
  lostFrom = null;
});
