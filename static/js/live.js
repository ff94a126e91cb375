// Live updates of a run's page: hears that something changed, fetches what, and leaves alone what
// keep.js says. Without a stream it looks every 15 seconds; without scripts there is a link.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const bar = $("#presence");
  if (!bar || !window.htmx || !window.EventSource) return;
  const { held, exchange, settle } = window.keeping;
  const WORDS = { live: "Live", lost: "Connection lost, trying again…", off: "Not live, looking every 15 seconds.", out: "Not live." };
  const [SILENCE, LOOK, BETWEEN] = [35000, 15000, 5000]; // the server pings every 10 seconds
  const on = (name, handler, capture) => document.addEventListener(name, handler, capture);
  const seen = () => $("#newest").dataset;
  const cursor = () => Number(seen().seq);
  const panel = () => $("#step-panel");

  // --- announcements: one in five seconds, joined; what app.js shows goes first ---
  const unsaid = [];
  let pause = 0;
  const speak = () => {
    const live = $("#live");
    const busy = live.hasAttribute("data-show");
    pause = unsaid.length && setTimeout(speak, busy ? 1000 : BETWEEN);
    if (unsaid.length && !busy) live.textContent = unsaid.splice(0).slice(-4).join(" ");
  };
  const announce = (text) => {
    if (text) unsaid.push(text);
    if (!pause) speak();
  };

  // --- fetching: one at a time, and after what this page itself is recording ---
  let [request, sending, latest, again, wanted, forced, swapping, over] = [null, 0, 0, false, false, false, false, false];
  const fetchNews = () => {
    again = Boolean(request || sending);
    if (again || over) return;
    [request, forced, wanted] = [true, wanted, false];
    // Who opened a step by its name stays there; else the page goes on with the run.
    const step = location.pathname.includes("/steps/") || (!forced && held(panel())) ? seen().step : "";
    const asked = new URLSearchParams({ since: forced ? "" : cursor(), mark: seen().mark || "", step });
    window.htmx.ajax("GET", `${bar.dataset.news}?${asked}`, { source: bar, target: "#step-panel", swap: "outerHTML" }).catch(() => {});
  };
  const signedOut = (xhr) => xhr.responseURL.includes("/accounts/login/");
  on("htmx:beforeSend", ({ detail: { elt, xhr } }) => {
    if (elt === bar) request = xhr; else sending += 1;
    xhr.addEventListener("loadend", () => {
      if (elt !== bar) sending -= 1;
      else {
        request = null;
        if (signedOut(xhr) || [403, 404].includes(xhr.status)) { over = true; close(); show("out"); }
      }
      if (again && (wanted || latest !== cursor())) fetchNews(); // the own answer may hold it already
    });
  });
  // app.js speaks about what people send; a look for news is not its business.
  ["afterRequest", "sendError", "responseError", "sendAbort"].forEach((name) => on(`htmx:${name}`, (event) => {
    if (event.detail.elt === bar) event.stopPropagation();
  }, true));
  let kept = false;
  on("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.xhr !== request) return;
    if (signedOut(detail.xhr)) { detail.shouldSwap = false; event.stopPropagation(); return; }
    [swapping, kept] = [true, !forced && held(panel())];
    if (kept) detail.swapOverride = "none";
    else settle(panel(), panel().contains(document.activeElement));
    queueMicrotask(() => {
      swapping = false;
      announce($("#news").dataset.said);
      $("#news").hidden = !kept;
    });
  }, true);
  on("htmx:oobBeforeSwap", ({ detail }) => {
    const rule = swapping && exchange[detail.target.id];
    if (rule) detail.shouldSwap = rule(detail.target, detail.fragment.firstElementChild);
  });
  on("htmx:afterSwap", ({ target }) => { if (target.id === "step-panel") $("#news").hidden = true; });
  on("click", ({ target }) => {
    if (!target.closest("[data-show-current]")) return;
    wanted = true;
    fetchNews();
  });

  // --- the stream: closed while nobody looks, reopened from the newest entry on the page ---
  let [stream, silence, retry, failures] = [null, 0, 0, 0];
  const show = (state) => {
    const before = bar.dataset.state;
    if (before === state) return;
    bar.dataset.state = state;
    $("[data-words]", bar).textContent = WORDS[state];
    $("[data-refresh]", bar).href = location.href;
    if (before || state !== "live") announce(state === "live" ? "Live again." : WORDS[state]);
  };
  const span = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });
  const people = (names) => {
    const faces = names.slice(0, 4).map((name, number) => {
      const face = span("face", name.trim().slice(0, 2).toUpperCase());
      face.setAttribute("aria-hidden", "true");
      face.dataset.tone = number + 1;
      return face;
    });
    const said = `${new Intl.ListFormat("en").format(names)} ${names.length > 1 ? "are" : "is"} here too`;
    $("[data-people]", bar).replaceChildren(...(names.length ? [...faces, span("names", said)] : []));
  };
  const close = () => {
    stream?.close();
    stream = null;
    [silence, retry].forEach(clearTimeout);
  };
  const failed = () => {
    close();
    failures += 1;
    if (failures > 1 || !navigator.onLine) show(failures > 5 ? "off" : "lost");
    if (failures === 2 && navigator.onLine) fetchNews(); // tells why, if it is not the network
    retry = setTimeout(open, Math.min(LOOK, 400 * 2 ** failures) * (0.5 + Math.random() / 2));
  };
  const heard = () => { clearTimeout(silence); silence = setTimeout(failed, SILENCE); };
  const open = () => {
    close();
    if (over || document.hidden) return;
    stream = new EventSource(`${bar.dataset.live}?since=${cursor()}`);
    stream.onopen = () => { failures = 0; show("live"); heard(); };
    stream.onerror = failed;
    stream.addEventListener("ping", heard);
    stream.addEventListener("changed", ({ data }) => { heard(); latest = Number(data); if (latest !== cursor()) fetchNews(); });
    stream.addEventListener("presence", ({ data }) => { heard(); people(JSON.parse(data)); });
  };
  on("visibilitychange", () => { if (document.hidden) close(); else open(); });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) open(); });
  window.addEventListener("offline", failed);
  window.addEventListener("online", open);
  setInterval(() => { if (!document.hidden && bar.dataset.state !== "live") fetchNews(); }, LOOK);
  open();
})();
