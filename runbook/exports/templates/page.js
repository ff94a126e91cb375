"use strict";
(() => {
  const kind = document.getElementById("kind");
  const words = document.getElementById("words");
  const told = document.getElementById("told");
  const entries = [...document.querySelectorAll(".entry")];
  const folds = [...document.querySelectorAll("details.fold")];
  const texts = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));
  const fits = (entry) =>
    (!kind.value ||
      (kind.value === "deviates" ? entry.classList.contains("deviates") : entry.dataset.kind === kind.value)) &&
    texts.get(entry).includes(words.value.trim().toLowerCase());
  const filter = () => {
    const asked = Boolean(kind.value || words.value.trim());
    let shown = 0;
    for (const entry of entries) {
      entry.hidden = !fits(entry);
      shown += entry.hidden ? 0 : 1;
    }
    for (const fold of folds) {
      const any = fold.querySelector(".entry:not([hidden])");
      fold.hidden = !any;
      fold.open = asked && Boolean(any);
    }
    told.value = asked ? `${shown} of ${entries.length} entries` : `${entries.length} entries`;
  };
  document.documentElement.classList.remove("no-script");
  kind.addEventListener("change", filter);
  words.addEventListener("input", filter);
  addEventListener("beforeprint", () => {
    for (const fold of folds) fold.open = true;
  });
  filter();
})();
