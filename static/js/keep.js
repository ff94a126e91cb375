// What a live page must leave alone when it changes by itself: fields that somebody is in or changed,
// what was refused and not recorded, what they folded, where the focus is, how far they scrolled.
window.keeping = (() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const UNRECORDED = "[role=alert], .is-invalid, .invalid-feedback, .leftover";
  const IN_USE = "input, textarea, select, form button:focus-visible";

  const typed = (field) => {
    if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
    if (field.type === "hidden") return false;
    if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    return field.value !== field.defaultValue;
  };
  const held = (root) => (root.contains(document.activeElement) && document.activeElement.matches(IN_USE))
    || $$("input, textarea, select", root).some(typed) || Boolean($(UNRECORDED, root));

  // A fold is known by its words; numbers in them may change.
  const folds = (root) => [...(root.matches("details") ? [root] : []), ...$$("details", root)];
  const named = (fold) => $("summary", fold)?.textContent.trim().replace(/\d+/g, "");
  const fold = (old, fresh) => {
    const left = folds(fresh);
    folds(old).forEach((mine) => {
      const at = left.findIndex((other) => named(other) === named(mine));
      if (at >= 0) left.splice(at, 1)[0].open = mine.open;
    });
  };

  // Focus and scrolling of a part that is about to be exchanged for one of the same make.
  const controls = (root) => $$("a, button, summary", root);
  const around = (old, fresh) => {
    const [at, far] = [controls(old).indexOf(document.activeElement), old.scrollTop];
    fold(old, fresh);
    queueMicrotask(() => {
      const now = $(`#${old.id}`);
      now.scrollTop = far;
      if (at >= 0) controls(now)[at]?.focus({ preventScroll: true });
    });
  };

  // The entries of a list: only what changed is exchanged, what is new is marked.
  const merge = (old, fresh) => {
    const key = (item) => item.id || item.textContent;
    const known = new Map([...old.children].map((item) => [key(item), item]));
    let place = old.firstElementChild;
    [...fresh.children].forEach((item) => {
      const had = known.get(key(item));
      if (had) {
        had.classList.remove("fresh");
        if (!had.classList.length) had.removeAttribute("class");
        fold(had, item);
      }
      if (had && (held(had) || had.isEqualNode(item))) {
        known.delete(key(item));
        place = had.nextElementSibling;
        return;
      }
      if (!had && item.id) item.classList.add("fresh");
      old.insertBefore(item, place);
      window.htmx.process(item);
    });
    known.forEach((item) => { if (!held(item)) item.remove(); });
  };

  // How each part of the page takes its new self; false when it has done so already.
  const exchange = {
    newest: (old, fresh) => { merge($("ol", old), $("ol", fresh)); Object.assign(old.dataset, fresh.dataset); return false; },
    title: (old, fresh) => { around(old, fresh); return true; },
    rail: (old, fresh) => {
      if (!held(old)) { around(old, fresh); return true; }
      const lists = $$("ol", fresh);
      $$("ol", old).forEach((list, number) => { if (lists[number]) list.replaceWith(lists[number]); });
      return false;
    },
  };
  // What somebody typed goes into the same field of the new panel; where that is gone, or holds
  // another text by now, it stands above as not recorded.
  const place = (field) => [field.form?.getAttribute("action"), field.name, ["checkbox", "radio"].includes(field.type) ? field.value : ""].join(" ");
  const carry = (old, now) => {
    const fresh = new Map($$("input, textarea, select", now).map((field) => [place(field), field]));
    const left = $$("input, textarea, select", old).filter(typed).filter((mine) => {
      const other = fresh.get(place(mine));
      if (!other || other.disabled || mine.type === "file" || other.defaultValue !== mine.defaultValue) return true;
      [other.value, other.checked] = [mine.value, mine.checked];
      return false;
    });
    const words = left.filter((mine) => !["checkbox", "radio"].includes(mine.type) && !mine.options).map((mine) => mine.value);
    if (!words.some(Boolean)) return;
    const box = Object.assign(document.createElement("div"), { className: "alert leftover" });
    const text = document.createElement("div");
    text.append(Object.assign(document.createElement("b"), { textContent: "You had typed this. It is not recorded:" }));
    text.append(Object.assign(document.createElement("pre"), { textContent: words.join("\n") }));
    box.append(text);
    now.prepend(box);
  };
  // The panel has become another one: nobody presses what has just moved under the pointer.
  const settle = (old, focused) => queueMicrotask(() => {
    const now = $(`#${old.id}`);
    fold(old, now);
    carry(old, now);
    now.classList.add("just-changed");
    setTimeout(() => now.classList.remove("just-changed"), 600);
    if (!focused || now.contains(document.activeElement)) return;
    const heading = $("h2, h3", now) || now;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  });
  return { held, exchange, settle };
})();
