// The map as slides: arrow keys, buttons and swiping move; Esc leaves. Without this file the slides are one long page.

const main = document.getElementById("slides");
const slides = [...main.querySelectorAll(".slide")];
const bar = document.querySelector(".present-bar");
const progress = bar.querySelector("progress");
const count = bar.querySelector("[data-count]");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const isRightToLeft = document.documentElement.dir === "rtl";

let at = 0; // the slide that is shown, or on the way to being shown
let isMoving = false;

document.body.classList.add("is-live");
for (const part of bar.querySelectorAll("[hidden]")) part.hidden = false;
bar.querySelector("[data-full]").hidden = !document.fullscreenEnabled;

function show(index, { isSudden = calm.matches } = {}) {
  at = Math.max(0, Math.min(index, slides.length - 1));
  isMoving = true;
  slides[at].scrollIntoView({ behavior: isSudden ? "instant" : "smooth", inline: "start", block: "nearest" });
  slides[at].focus({ preventScroll: true });
  say();
}

function say() {
  progress.value = at + 1;
  count.textContent = `${at + 1} / ${slides.length}`;
  bar.querySelector('[data-go="-1"]').disabled = at === 0;
  bar.querySelector('[data-go="1"]').disabled = at === slides.length - 1;
  history.replaceState(null, "", `#${slides[at].id}`);
}

// Keys

const forward = isRightToLeft ? "ArrowLeft" : "ArrowRight";
const back = isRightToLeft ? "ArrowRight" : "ArrowLeft";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.closest("button, a")) return;
  if (event.key === "Escape") {
    if (!document.fullscreenElement) bar.querySelector("[data-leave]").click();
    return;
  }
  const moves = { [forward]: at + 1, [back]: at - 1, PageDown: at + 1, PageUp: at - 1, Home: 0, End: slides.length - 1 };
  moves[" "] = event.shiftKey ? at - 1 : at + 1;
  if (!(event.key in moves)) return;
  event.preventDefault();
  show(moves[event.key]);
});

// Buttons

bar.addEventListener("click", (event) => {
  const go = event.target.closest("[data-go]");
  if (go) show(at + Number(go.dataset.go));
  if (event.target.closest("[data-full]")) {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }
});

// Swiping: the browser snaps, and the figures follow

function settle() {
  isMoving = false;
  const shown = Math.round(Math.abs(main.scrollLeft) / main.clientWidth);
  if (shown === at) return;
  at = shown;
  say();
}

let waiting = 0;
main.addEventListener("scroll", () => {
  clearTimeout(waiting);
  waiting = setTimeout(settle, isMoving ? 400 : 120);
});

addEventListener("resize", () => show(at, { isSudden: true }));

const wanted = slides.findIndex((slide) => `#${slide.id}` === location.hash);
show(Math.max(0, wanted), { isSudden: true });
