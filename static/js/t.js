// Milepost web tracking: <script src="https://milepost.example/t.js" data-write-key="wk_…" defer></script>
(() => {
  const script = document.currentScript;
  const writeKey = script.dataset.writeKey;
  const endpoint = new URL("/v1/", script.src);
  const store = (name, make) => {
    try {
      let value = localStorage.getItem(name);
      if (!value && make) localStorage.setItem(name, (value = make()));
      return value;
    } catch {
      return make ? make() : null;
    }
  };
  const uuid = () => crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now();
  const session = () => {
    const now = Date.now();
    const [id, last] = (store("milepost.session") ?? "").split("|");
    const current = id && now - Number(last) < 30 * 60 * 1000 ? id : uuid();
    try {
      localStorage.setItem("milepost.session", `${current}|${now}`);
    } catch {
      // Private windows: each page is a session of its own.
    }
    return current;
  };
  const campaign = () => {
    const found = {};
    for (const [key, value] of new URLSearchParams(location.search)) {
      if (key.startsWith("utm_")) found[key === "utm_campaign" ? "name" : key.slice(4)] = value;
    }
    return found;
  };
  const send = (type, fields) => {
    const now = new Date().toISOString();
    const body = JSON.stringify({
      ...fields,
      writeKey,
      messageId: uuid(),
      anonymousId: store("milepost.anonymous", uuid),
      userId: store("milepost.user"),
      timestamp: now,
      sentAt: now,
      context: {
        library: { name: "milepost.js", version: "1" },
        page: { path: location.pathname, referrer: document.referrer, title: document.title, url: location.href },
        campaign: campaign(),
        locale: navigator.language,
        sessionId: session(),
      },
    });
    // text/plain needs no preflight; keepalive lets it finish when the page goes away.
    return fetch(new URL(type, endpoint), { method: "POST", body, keepalive: true }).catch(() => undefined);
  };
  window.milepost = {
    track: (event, properties = {}) => send("track", { event, properties }),
    page: (name, properties = {}) => send("page", { name, properties: { url: location.href, ...properties } }),
    identify: (userId, traits = {}) => {
      try {
        localStorage.setItem("milepost.user", userId);
      } catch {
        // Known for this page only.
      }
      return send("identify", { userId, traits });
    },
    reset: () => ["anonymous", "user", "session"].forEach((name) => localStorage.removeItem(`milepost.${name}`)),
  };
  window.milepost.page();

  // Notes: the newest one in a small panel of its own, which neither the page's styles nor its scripts get into.
  const STYLE = `
    :host { all: initial; }
    section { position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483000; box-sizing: border-box;
      inline-size: min(360px, calc(100vw - 32px)); max-block-size: 60vh; overflow: auto; padding: 16px;
      font: 14px/1.45 system-ui, sans-serif; color-scheme: light dark; color: light-dark(#171c26, #e9ecf2);
      background: light-dark(#fff, #161a22); border: 1px solid light-dark(#7c8698, #6f7a8d); border-radius: 10px; }
    h2 { margin: 0; padding-inline-end: 32px; font-size: 16px; line-height: 1.2; overflow-wrap: anywhere; }
    p { margin: 8px 0 0; white-space: pre-line; overflow-wrap: anywhere; }
    a { display: inline-block; margin-block-start: 12px; padding: 4px 0; color: light-dark(#4a3fd1, #a9a2ff); }
    button { position: absolute; inset-block-start: 8px; inset-inline-end: 8px; inline-size: 32px; block-size: 32px;
      font: inherit; font-size: 20px; line-height: 1; color: inherit; background: none; border: 0; border-radius: 6px;
      cursor: pointer; }
    a:focus-visible, button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
    @media print { section { display: none; } }`;
  const tell = (note, clicked) =>
    fetch(new URL("notes/seen", endpoint), {
      method: "POST",
      body: JSON.stringify({ writeKey, anonymousId: store("milepost.anonymous", uuid), id: note.id, clicked }),
      keepalive: true,
    }).catch(() => undefined);
  const make = (name, fields, text) => {
    const made = Object.assign(document.createElement(name), fields);
    if (text) made.textContent = text;
    return made;
  };
  const show = (note) => {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const panel = make("section", { role: "status" });
    const close = make("button", { type: "button", ariaLabel: "Close" }, "×");
    const before = document.activeElement;
    const end = () => {
      const hadFocus = root.activeElement !== null;
      host.remove();
      if (hadFocus) before?.focus?.();
    };
    close.addEventListener("click", end);
    panel.addEventListener("keydown", (event) => event.key === "Escape" && end());
    panel.append(make("h2", {}, note.title), make("p", {}, note.text), close);
    if (/^https?:\/\//.test(note.link)) {
      const link = make("a", { href: note.link }, note.linkText || note.link);
      link.addEventListener("click", () => tell(note, true));
      close.before(link);
    }
    document.body.append(host);
    root.append(panel); // once the page has it, so that a screen reader hears of it
    tell(note, false);
  };
  const look = async () => {
    const url = new URL("notes", endpoint);
    url.searchParams.set("writeKey", writeKey);
    url.searchParams.set("anonymousId", store("milepost.anonymous", uuid));
    const response = await fetch(url);
    const [note] = response.ok ? (await response.json()).notes : [];
    if (note) show(note);
  };
  if (script.dataset.notes !== "off") look().catch(() => undefined);
})();
