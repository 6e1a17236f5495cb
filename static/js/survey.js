// Milepost survey panel: <script src="https://milepost.example/survey.js" data-survey="TOKEN" defer></script>
(() => {
  const script = document.currentScript;
  const { survey: token, delay = "0" } = script.dataset;
  const endpoint = new URL(`/s/open/${token}/answer`, script.src);
  const slot = `milepost.survey.${token}`;
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const write = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Private windows ask again.
    }
  };
  const uuid = () =>
    crypto.randomUUID?.() ??
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
    );

  // In a sheet of its own: a site's content policy that forbids inline styles does not touch it.
  const CSS = `
    :host { all: initial; color-scheme: light dark; }
    * { box-sizing: border-box; }
    .panel {
      position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483000;
      inline-size: min(380px, calc(100vw - 32px)); max-block-size: calc(100dvh - 32px); overflow: auto;
      padding: 20px; border: 1px solid light-dark(#dfe3e9, #2a313d); border-radius: 10px;
      background: light-dark(#fff, #161a22); color: light-dark(#171c26, #e9ecf2);
      box-shadow: 0 8px 32px rgb(0 0 0 / 18%);
      font: 15px/1.45 Inter, system-ui, sans-serif;
    }
    .close {
      position: absolute; inset-block-start: 8px; inset-inline-end: 8px; inline-size: 32px; block-size: 32px;
      border: 0; border-radius: 6px; background: none; color: inherit; font-size: 20px; line-height: 1; cursor: pointer;
    }
    form, .done { display: grid; gap: 16px; }
    fieldset { margin: 0; padding: 0; border: 0; min-inline-size: 0; }
    legend, .question, .thanks {
      padding: 0 32px 0 0; margin: 0 0 10px; font-size: 17px; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere;
    }
    .scale { display: grid; grid-template-columns: repeat(auto-fit, minmax(44px, 1fr)); gap: 4px; }
    .scale.long { grid-template-columns: repeat(6, minmax(0, 1fr)); }
    .list { display: grid; gap: 6px; }
    .answer {
      position: relative; display: flex; align-items: center; gap: 10px; min-block-size: 44px; padding: 6px 10px;
      border: 1px solid light-dark(#7c8698, #6f7a8d); border-radius: 6px; cursor: pointer; overflow-wrap: anywhere;
    }
    .scale .answer { justify-content: center; padding: 0; font-weight: 500; font-variant-numeric: tabular-nums; }
    .scale input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .list input { accent-color: light-dark(#4a3fd1, #a9a2ff); }
    .answer:hover { background: light-dark(#eef0f4, #1c212b); }
    .answer:has(:checked) { border-color: light-dark(#4a3fd1, #a9a2ff); background: light-dark(#ecebfd, #25234a); }
    .scale .answer:has(:checked) { background: light-dark(#4a3fd1, #a9a2ff); color: light-dark(#fff, #0e1116); }
    .ends { display: flex; justify-content: space-between; gap: 16px; margin: 6px 0 0; color: light-dark(#626c80, #8f99ab); font-size: 12px; }
    .ask { display: grid; gap: 6px; font-weight: 500; }
    .ask[hidden] { display: none; }
    .ask small { color: light-dark(#626c80, #8f99ab); font-weight: 400; }
    textarea {
      inline-size: 100%; min-block-size: 76px; padding: 8px 10px; border: 1px solid light-dark(#7c8698, #6f7a8d);
      border-radius: 6px; background: light-dark(#fff, #0e1116); color: inherit; font: inherit; resize: vertical;
    }
    .send {
      min-block-size: 44px; padding: 0 16px; border: 0; border-radius: 6px; background: light-dark(#4a3fd1, #a9a2ff);
      color: light-dark(#fff, #0e1116); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
      display: grid; place-items: center;
    }
    .send:disabled { opacity: 0.6; cursor: progress; }
    .error { margin: 0; color: light-dark(#b3341e, #ff9480); }
    .error:empty { display: none; }
    :is(button, textarea, a):focus-visible, .answer:has(:focus-visible) {
      outline: 2px solid light-dark(#4a3fd1, #a9a2ff); outline-offset: 2px;
    }
  `;

  const make = (name, props = {}, ...children) => {
    const element = Object.assign(document.createElement(name), props);
    element.append(...children);
    return element;
  };

  const state = { key: read(`${slot}.key`) ?? uuid() };

  function answers(survey) {
    const isList = survey.field === "chosen";
    const isLong = survey.answers.length > 7;
    const box = make("div", { className: isList ? "list" : isLong ? "scale long" : "scale" });
    survey.answers.forEach((answer, at) => {
      const type = survey.takes_several && isList ? "checkbox" : "radio";
      const input = make("input", { type, name: survey.field, value: String(answer) });
      input.dataset.at = String(at);
      box.append(make("label", { className: "answer" }, input, make("span", {}, String(answer))));
    });
    const set = make("fieldset", {}, make("legend", {}, survey.question), box);
    if (survey.low) {
      set.append(make("p", { className: "ends" }, make("span", {}, survey.low), make("span", {}, survey.high)));
    }
    return set;
  }

  function words(survey) {
    const label = make("span", { className: survey.field ? "" : "question" });
    const area = make("textarea", { name: "comment", maxLength: 4000 });
    const ask = make("label", { className: "ask" }, label, area);
    const say = (form) => {
      const chosen = form ? [...form.querySelectorAll(":checked")].map((input) => input.dataset.at) : [];
      const asked = survey.asks.filter((row) => row.at.some((at) => chosen.includes(at))).map((row) => row.question);
      const text = asked.join(" ") || survey.comment_label;
      label.replaceChildren(text, ...(survey.field ? [" ", make("small", {}, survey.words.optional)] : []));
      ask.hidden = !text;
    };
    say(null);
    return { ask, say };
  }

  function given(form, survey) {
    const data = new FormData(form);
    const body = { key: state.key, comment: data.get("comment") ?? "", anonymousId: read("milepost.anonymous") };
    if (survey.field === "score") body.score = data.get("score");
    if (survey.field === "chosen") body.chosen = survey.takes_several ? data.getAll("chosen") : data.get("chosen");
    return JSON.stringify(body);
  }

  async function send(form, survey, error, done) {
    const button = form.querySelector(".send");
    button.disabled = true;
    error.textContent = "";
    try {
      // text/plain needs no preflight.
      const response = await fetch(endpoint, { method: "POST", body: given(form, survey), credentials: "omit" });
      const answer = await response.json();
      if (response.ok) return done(answer);
      error.textContent = answer.error ?? Object.values(answer.errors).flat().join(" ");
    } catch {
      error.textContent = survey.words.failed;
    }
    button.disabled = false;
  }

  function thanks(survey, answer) {
    const box = make("div", { className: "done", tabIndex: -1 });
    box.setAttribute("role", "status");
    box.append(make("p", { className: "thanks" }, survey.words.thanks), make("div", {}, answer.thanks));
    if (/^https?:/.test(answer.url)) {
      const link = { className: "send", href: answer.url, target: "_blank", rel: "noopener noreferrer" };
      box.append(make("a", link, answer.url_label));
    }
    return box;
  }

  function show(survey) {
    const host = make("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
    const before = document.activeElement;
    const close = () => {
      write(`${slot}.closed`, "1");
      host.remove();
      before?.focus?.();
    };
    const button = make("button", { type: "button", className: "close", onclick: close }, "×");
    button.setAttribute("aria-label", survey.words.close);
    const { ask, say } = words(survey);
    const error = make("p", { className: "error" });
    error.setAttribute("role", "alert");
    const form = make("form", { noValidate: true });
    if (survey.field) form.append(answers(survey));
    form.append(ask, error, make("button", { className: "send" }, survey.words.send));
    const panel = make("section", { className: "panel" }, form, button);
    panel.setAttribute("aria-label", survey.words.panel);
    form.addEventListener("change", () => say(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, survey, error, (answer) => {
        write(`${slot}.key`, state.key);
        write(`${slot}.closed`, "1");
        const box = thanks(survey, answer);
        form.replaceWith(box);
        box.focus();
      });
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    root.append(panel);
    document.body.append(host);
  }

  async function ask(again = false) {
    if (!again && read(`${slot}.closed`)) return;
    try {
      const response = await fetch(endpoint, { credentials: "omit" });
      if (response.ok) show(await response.json());
    } catch {
      // The site goes on without the survey.
    }
  }

  // A page may open it itself, such as by a button: milepostSurvey.open()
  window.milepostSurvey = { open: () => ask(true) };
  setTimeout(ask, Number(delay) * 1000 || 0);
})();
