// Small comforts on top of pages that work without them. Storage holds the theme, the shortcut
// switch and opt-in drafts of unsent text, the last only until they are sent or someone signs out.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, handler) => document.addEventListener(name, handler);
  const root = document.documentElement;
  const user = document.body.dataset.user || "";
  const open = (name) => { try { return window[name]; } catch { return null; } };
  const [store, session] = [open("localStorage"), open("sessionStorage")];

  const say = (text, visible) => {
    const live = Object.assign($("#live"), { textContent: "" });
    live.toggleAttribute("data-show", Boolean(visible));
    setTimeout(() => { live.textContent = text; }, 50);
    setTimeout(() => { if (live.textContent === text) live.removeAttribute("data-show"); }, 6000);
  };

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const box = document.body.appendChild(document.createElement("textarea")); // plain http: no clipboard
    box.value = text;
    box.select();
    if (!document.execCommand("copy")) throw new Error("copy refused");
    box.remove();
  };
  // --- countdown: the server's clock counts, ours only measures the distance ---
  const offsets = new WeakMap();
  const tick = () => $$("[data-due]").forEach((clock) => {
    if (!offsets.has(clock)) offsets.set(clock, Date.parse(clock.dataset.now) - Date.now());
    const left = Math.max(0, Math.ceil((Date.parse(clock.dataset.due) - Date.now() - offsets.get(clock)) / 1000));
    const pad = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    clock.textContent = (hours ? `${hours}:` : "") + `${pad(Math.floor(left / 60) % 60)}:${pad(left % 60)}`;
    if (left || clock.dataset.over) return;
    clock.dataset.over = "1";
    if (clock.dataset.unlocks) $$(clock.dataset.unlocks).forEach((button) => { button.disabled = false; });
    say(clock.dataset.said || "The wait is over.", true);
    window.htmx?.trigger(clock, "due");
  });
  setInterval(tick, 1000);
  on("visibilitychange", tick);
  // --- drafts of unsent text ---
  const draftKey = (field) => `draft:${user}:${field.dataset.draft}`;
  const drafts = () => Object.keys(store || {}).filter((key) => key.startsWith("draft:"));
  const forget = (keys) => keys.forEach((key) => store?.removeItem(key));
  const wake = () => $$("[data-draft]").forEach((field) => {
    if (!user || field.value || !store?.getItem(draftKey(field))) return;
    field.value = store.getItem(draftKey(field));
    say("Your unsent text is back.", true);
  });
  if (user) { // a signed-in page without a refusal means that the last plain form went through
    forget(drafts().filter((key) => !key.startsWith(`draft:${user}:`)));
    if (!$(".refused, .is-invalid, .alert-danger, .refusal")) forget((session?.getItem("sent") || "").split("\n"));
  }
  session?.removeItem("sent");
  // --- events of the page ---
  const release = () => $$("[data-busy]").forEach((button) => { button.disabled = false; delete button.dataset.busy; });
  on("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.hasAttribute("data-download")) return; // a file leaves the page as it is
    const keys = $$("[data-draft]", form).map(draftKey);
    if (form.hasAttribute("data-sign-out")) forget(drafts());
    else if (session && keys.length && !event.defaultPrevented) session.setItem("sent", keys.join("\n"));
    setTimeout(() => $$("button:not([type=button]):enabled, input[type=submit]:enabled", form).forEach((button) => {
      button.disabled = true;
      button.dataset.busy = "1";
    }));
    setTimeout(release, 10000);
  });
  on("input", ({ target }) => {
    if (!store || !user || !target.matches("[data-draft]")) return;
    if (target.value) store.setItem(draftKey(target), target.value); else forget([draftKey(target)]);
  });
  const paintTheme = () => $$("[data-theme-name]").forEach((place) => {
    place.textContent = { light: "light", dark: "dark" }[root.dataset.theme] || "as the system";
  });
  on("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    const button = hit("[data-copy]");
    if (button) copy(button.dataset.copy).then(() => say("Copied.", true), () => say("Copying was refused. Select the text by hand.", true));
    if (hit("[data-open]")) $(hit("[data-open]").dataset.open).showModal();
    if (hit("[data-print]")) window.print();
    if (hit("[data-keys-switch]")) {
      store?.setItem("keys", store.getItem("keys") === "off" ? "on" : "off");
      say(`Single-key shortcuts are ${store?.getItem("keys")}.`, true);
    }
    if (hit("[data-theme-switch]")) {
      root.dataset.theme = { light: "dark", dark: "auto" }[root.dataset.theme] || "light";
      store?.setItem("theme", root.dataset.theme);
      paintTheme();
    }
    $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  // --- paste anywhere: text goes to the evidence field, a file to the file field ---
  const typing = (element) => element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  on("paste", (event) => {
    const [files, field] = [$("[data-paste-file]"), $("[data-paste]")];
    if (files && event.clipboardData.files.length) {
      files.files = event.clipboardData.files;
      return say("The file is attached. Nothing is recorded yet.", true);
    }
    if (!field || typing(event.target)) return;
    event.preventDefault();
    field.setRangeText(event.clipboardData.getData("text"), field.value.length, field.value.length, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
    say("Pasted. Nothing is recorded yet.", true);
  });
  // --- keyboard ---
  on("keydown", (event) => {
    if (event.key === "Escape") $$("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (event.key === "?") return $("#shortcuts")?.showModal();
    if (store?.getItem("keys") === "off") return;
    const steps = $$(".rail a");
    const move = { j: 1, k: -1 }[event.key];
    const focused = steps.indexOf(document.activeElement);
    const goal = move ? steps[move + (focused < 0 ? steps.findIndex((step) => step.ariaCurrent) : focused)] : /^[a-z]$/.test(event.key) && $(`[data-key="${event.key}"]`);
    if (!goal) return;
    event.preventDefault();
    goal.focus();
    if (!move && goal.matches("a, button, summary")) goal.click();
  });
  // --- htmx: focus what changed, say so, never lose a form ---
  on("htmx:afterSettle", ({ target, detail }) => {
    [tick, wake].forEach((start) => start());
    if (!["submit", "click"].includes(detail.requestConfig?.triggeringEvent?.type) || target.id !== detail.target?.id) return;
    const place = $("[autofocus], .is-invalid, .refusal, [data-focus], h1, h2, h3", target) || target;
    if (!place.matches("input, textarea, select, button, a")) place.tabIndex = -1;
    place.focus();
    say(target.dataset.announce || $("h1, h2, h3", target)?.textContent.trim() || "The page has changed.");
  });
  const signedOut = (detail) => detail.xhr?.responseURL.includes("/accounts/login/");
  on("htmx:beforeSwap", ({ detail }) => {
    if (!signedOut(detail)) return;
    detail.shouldSwap = false;
    say("You are signed out; nothing was recorded. Sign in in a second tab, then press the button again.", true);
  });
  on("htmx:afterRequest", ({ detail }) => {
    release();
    if (detail.successful && detail.xhr.status < 400 && !signedOut(detail)) forget($$("[data-draft]", detail.elt).map(draftKey));
  });
  ["htmx:sendError", "htmx:responseError"].forEach((name) => on(name, () =>
    say("Not recorded: the server did not take it. Your text is still here, try again.", true)));

  window.addEventListener("pageshow", release);
  if (window.matchMedia("(max-width: 700px)").matches) $$("details.rail").forEach((rail) => { rail.open = false; });
  [paintTheme, wake, tick].forEach((start) => start());
})();
