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
})();
