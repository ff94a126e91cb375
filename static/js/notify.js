// Something new on an open run: marks the tab's title; with the person's leave it also makes a short
// sound, or shows a notification of the system. Both leaves are kept in this browser only.
(() => {
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const store = (() => { try { return window.localStorage; } catch { return null; } })();
  const wished = (name) => store?.getItem(`notify-${name}`) === "on";
  const MARK = "● ";
  const GENERAL = "Something new on this run.";

  // --- the title ---
  const mark = () => { if (!document.title.startsWith(MARK)) document.title = MARK + document.title; };
  const unmark = () => { if (document.title.startsWith(MARK)) document.title = document.title.slice(MARK.length); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) unmark(); });
  window.addEventListener("focus", unmark);

  // --- the sound: two short tones, made here ---
  let audio;
  const beep = async () => {
    try {
      audio ??= new AudioContext();
      if (audio.state === "suspended") await audio.resume();
      [[0, 660], [0.16, 880]].forEach(([wait, pitch]) => {
        const [tone, volume] = [audio.createOscillator(), audio.createGain()];
        const start = audio.currentTime + wait;
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.12, start);
        volume.gain.exponentialRampToValueAtTime(0.001, start + 0.14);
        tone.connect(volume).connect(audio.destination);
        tone.start(start);
        tone.stop(start + 0.15);
      });
    } catch { /* a browser without sound is silent */ }
  };

  // --- the system's notification; only while nobody looks at the page ---
  const may = () => "Notification" in window && Notification.permission === "granted";
  const show = (text) => {
    if (!wished("desktop") || !may() || (!document.hidden && document.hasFocus())) return;
    try {
      const shown = new Notification("Upgrade Runbook", { body: text, tag: location.pathname });
      shown.onclick = () => { window.focus(); shown.close(); };
    } catch { /* some phones allow them to service workers only */ }
  };

  const tell = (text) => {
    if (document.hidden || !document.hasFocus()) mark();
    if (wished("sound")) beep();
    show(text);
  };
  document.addEventListener("runbook:notice", ({ detail }) => tell(detail?.text || GENERAL));
  // app.js triggers "due" on a clock that has run out.
  document.addEventListener("due", ({ target }) => tell(target.dataset?.said || "The wait is over."));

  // --- the switches on the page of wishes ---
  const paint = () => $$("[data-notify]").forEach((button) => {
    const name = button.dataset.notify;
    button.setAttribute("aria-pressed", String(wished(name) && (name !== "desktop" || may())));
  });
  const turn = async (name) => {
    const on = !(wished(name) && (name !== "desktop" || may()));
    if (on && name === "desktop" && "Notification" in window && !may()) await Notification.requestPermission();
    store?.setItem(`notify-${name}`, on ? "on" : "off");
    if (on && name === "sound") beep();
    const refused = on && name === "desktop" && !may();
    const live = document.querySelector("#live");
    if (live && refused) {
      live.textContent = "The browser does not allow it. Its settings for this site say why.";
      live.setAttribute("data-show", "");
      setTimeout(() => live.removeAttribute("data-show"), 6000);
    }
    paint();
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-notify]");
    if (button) turn(button.dataset.notify);
  });
  paint();
})();
