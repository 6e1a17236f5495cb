// The map's editor: dragging, sliders, Alt and arrow keys, undo, focus after a swap. Everything else is links and forms.

const SLIDER_MILLISECONDS = 400;

const byId = (id) => document.getElementById(id);
const isTyping = (target) => target.closest("input:not([type=range]), textarea, select, [contenteditable]") !== null;
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

// Acts go out one after the other: each looks for its element anew, which the answer to the one before may have replaced

let last = Promise.resolve();
const queue = (act) => (last = last.then(act).catch(() => {}));

function post(element, url, values) {
  return htmx.ajax("POST", url, { source: element, values, swap: "none" });
}

const idOf = (element) => element.closest("[id]").id;
const moverIn = (place) => (place?.matches("[data-move]") ? place : place?.querySelector("[data-move]"));

function move(id, values) {
  flushSliders();
  queue(() => {
    const mover = moverIn(byId(id));
    return mover && post(mover, mover.dataset.move, values);
  });
}

// Undo and redo, after all that is still under way

function turn(key) {
  flushSliders();
  queue(() => {
    const button = document.querySelector(`[data-key="${key}"]:enabled`);
    return button && post(button, button.form.action, {});
  });
}

document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-key]");
  if (!button) return;
  event.preventDefault();
  turn(button.dataset.key);
});

// Sliders: one act for a drag or a run of arrow keys

const unsent = new Map(); // what a slider says and nobody has been told yet, by its id
const waiting = new Map();

document.addEventListener("change", (event) => {
  const slider = event.target.closest("[data-emotion]");
  if (!slider) return;
  const { id } = slider;
  unsent.set(id, slider.value);
  clearTimeout(waiting.get(id));
  waiting.set(id, setTimeout(() => sendSlider(id), SLIDER_MILLISECONDS));
});

function sendSlider(id) {
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  queue(() => {
    const slider = byId(id);
    if (!slider || !unsent.has(id)) return undefined;
    const { lane, revision } = slider.dataset;
    const emotion = unsent.get(id);
    unsent.delete(id);
    return post(slider, slider.dataset.emotion, { emotion, lane, revision });
  });
}

function flushSliders() {
  for (const id of [...waiting.keys()]) sendSlider(id);
}

document.addEventListener("htmx:oobAfterSwap", () => {
  for (const [id, value] of unsent) {
    const slider = byId(id);
    if (!slider) continue;
    slider.value = value;
    redraw(slider);
  }
});

// The curve follows the hand: drawn as selectors.maps draws it

const STEP = 100;
const MARGIN = 8;
const heightOf = (emotion) => MARGIN + ((2 - emotion) / 4) * (100 - 2 * MARGIN);
const at = (x, y) => `${x.toFixed(1)},${y.toFixed(1)}`;

document.addEventListener("input", (event) => event.target.matches("[data-emotion]") && redraw(event.target));

function redraw(slider) {
  const box = slider.closest(".map-curve-box");
  slider.classList.remove("is-unset");
  const runs = [[]];
  for (const [index, place] of box.querySelectorAll(".map-slider").entries()) {
    const said = place.querySelector("input:not(.is-unset)");
    if (said) runs.at(-1).push([STEP * (index + 0.5), heightOf(said.value)]);
    else runs.push([]);
  }
  const drawn = runs.filter((run) => run.length > 1);
  const lines = drawn.map(monotone);
  const areas = drawn.map((run, n) => `${lines[n]} L${run.at(-1)[0].toFixed(1)},50 L${run[0][0].toFixed(1)},50 Z`);
  const paths = { line: lines, above: areas, below: areas };
  for (const [name, parts] of Object.entries(paths)) {
    box.querySelector(`.map-curve-${name}`)?.setAttribute("d", parts.join(" "));
  }
}

function monotone(points) {
  const slopes = points.slice(1).map(([x, y], n) => (y - points[n][1]) / (x - points[n][0]));
  const tangents = points.map((_point, n) => between(slopes[n - 1] ?? slopes[n], slopes[n] ?? slopes[n - 1]));
  const pieces = points.slice(1).map(([x, y], n) => {
    const [before, height] = points[n];
    const third = (x - before) / 3;
    const first = at(before + third, height + tangents[n] * third);
    return `C${first} ${at(x - third, y - tangents[n + 1] * third)} ${at(x, y)}`;
  });
  return [`M${at(...points[0])}`, ...pieces].join(" ");
}

const between = (before, after) => (before * after <= 0 ? 0 : (2 * before * after) / (before + after));

// Keys

document.addEventListener("keydown", (event) => {
  const direction = ARROWS[event.key];
  const mover = event.target.closest("[data-move]");
  if (event.altKey && direction && mover) {
    event.preventDefault();
    move(idOf(mover), { direction });
  } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !isTyping(event.target)) {
    event.preventDefault();
    turn(event.shiftKey ? "redo" : "undo");
  } else if (event.key === "Escape" && event.target.closest(".map-inline")) {
    event.target.closest(".map-inline").querySelector("[data-cancel]").click();
  } else if (event.key === "Enter" && !event.shiftKey && event.target.matches(".map-inline textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

// Dragging: cards between cells, steps between stages, stages and lanes among themselves

let dragged = null;

const kindOf = (element) => element.dataset.drag;

function targetOf(element, point) {
  if (kindOf(dragged) === "card") return element.closest("td")?.querySelector(".map-cell") ?? null;
  if (kindOf(dragged) === "step") return element.closest("th.map-step");
  const head = element.closest(`[data-part="${kindOf(dragged)}"]`);
  return head;
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-drag]") ?? null;
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.textContent.trim());
  dragged.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const target = dragged && event.target.closest ? targetOf(event.target) : null;
  if (!target) return;
  event.preventDefault();
  mark(target.closest("td, th"));
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  mark(null);
});

function mark(place) {
  for (const old of document.querySelectorAll(".is-target")) if (old !== place) old.classList.remove("is-target");
  place?.classList.add("is-target");
}

document.addEventListener("drop", (event) => {
  const target = dragged ? targetOf(event.target) : null;
  if (!target) return;
  event.preventDefault();
  move(idOf(dragged), VALUES[kindOf(dragged)](target, event));
});

function placeAmong(cards, y) {
  const others = cards.filter((card) => card !== dragged);
  const after = others.findIndex((card) => y < card.getBoundingClientRect().top + card.offsetHeight / 2);
  return after < 0 ? others.length : after;
}

const indexOf = (target, kind) => [...document.querySelectorAll(`.journey-map [data-part="${kind}"]`)].indexOf(target);

const VALUES = {
  card: (cell, event) => ({
    step: cell.dataset.step,
    lane: cell.dataset.lane,
    place: placeAmong([...cell.querySelectorAll('[data-drag="card"]')], event.clientY),
  }),
  step: (head) => ({ stage: head.dataset.stage, place: head.dataset.place ?? 0 }),
  stage: (head) => ({ place: indexOf(head, "stage") }),
  lane: (head) => ({ place: indexOf(head, "lane") }),
};

// After an act: the dialog has done its work, and what was in hand keeps the focus

document.addEventListener("map-edited", (event) => {
  byId("dialog")?.close();
  if (isTyping(document.activeElement)) return; // who went on to write is not called back
  const place = byId(event.detail.focus ?? "");
  const inner = place?.matches("a, input, #map") ? place : place?.querySelector("a, input");
  inner?.focus({ preventScroll: false });
});

document.addEventListener("map-changed", () => byId("dialog")?.close());

// A cell that this page has not drawn yet, or the page of before after Back: the map as it is now

document.addEventListener("htmx:oobErrorNoTarget", () => htmx.trigger(document.body, "map-changed"));
addEventListener("pageshow", (event) => event.persisted && htmx.trigger(document.body, "map-changed"));

// What was said in the dialog shows on the map when it closes

let isSaid = false;
document.addEventListener("comments-changed", () => (isSaid = true));
byId("dialog")?.addEventListener("close", () => {
  if (isSaid) htmx.trigger(document.body, "map-changed");
  isSaid = false;
});

// What is opened in place is typed into at once

document.addEventListener("htmx:load", (event) => {
  const form = event.target.matches?.(".map-inline") ? event.target : event.target.querySelector?.(".map-inline");
  const field = form?.querySelector("textarea, input:not([type=hidden])");
  if (!field) return;
  field.focus();
  field.select?.();
});
