// Files as evidence: paste or drop them anywhere, look at them, black out parts, then send. The page
// only says where the boxes lie; the server burns them in. Without this script a plain form does.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, handler, capture) => document.addEventListener(name, handler, capture);
  const BOXES = 50;
  const chosen = new Map(); // name of the field -> what was chosen: it outlives a panel that comes back with errors
  const input = (slot) => $("input[type=file]", slot);
  const hidden = (slot, name) => $(`input[name^="${name}-"]`, slot);
  const key = (slot) => `${input(slot).form.action} ${input(slot).name}`;

  const offerTime = async (slot, file) => {
    const offer = $("[data-own-time]", slot);
    const { time, modified } = await window.ownTime(file, slot.dataset.zone);
    hidden(slot, "modified").value = modified;
    offer.hidden = !time;
    offer.dataset.time = time;
    $("b", offer).textContent = time.replace("T", " ");
  };

  // --- preview and boxes; they are kept in pixels of the picture ---
  const draw = (slot) => {
    const { bitmap, boxes, cursor } = chosen.get(key(slot));
    const canvas = $("canvas", slot);
    const brush = canvas.getContext("2d");
    brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const scale = canvas.width / bitmap.width;
    brush.fillStyle = "#000";
    boxes.forEach((box) => brush.fillRect(...box.map((side) => side * scale)));
    brush.strokeStyle = "#f0f";
    if (cursor) brush.strokeRect(...cursor.map((side) => side * scale));
    hidden(slot, "boxes").value = boxes.length ? JSON.stringify(boxes) : "";
    $("[data-undo-box]", slot).disabled = !boxes.length;
  };
  const addBox = (slot, box) => {
    const { boxes } = chosen.get(key(slot));
    if (box[2] < 2 || box[3] < 2 || boxes.length >= BOXES) return;
    boxes.push(box);
    $("[data-box-said]", slot).textContent = `${boxes.length} blacked out.`;
  };
  const show = async (slot) => {
    const what = chosen.get(key(slot));
    $("[data-preview]", slot).hidden = !what;
    ["boxes", "modified"].forEach((name) => { hidden(slot, name).value = ""; });
    $("[data-own-time]", slot).hidden = true;
    if (!what) return;
    $("[data-name]", slot).textContent = what.file.name;
    $("details", slot).open = true;
    if (!what.bitmap && /^image\/(png|jpeg|webp)$/.test(what.file.type)) what.bitmap = await createImageBitmap(what.file).catch(() => null);
    $("[data-picture]", slot).hidden = !what.bitmap;
    if (what.bitmap) {
      const scale = Math.min(1, 1200 / what.bitmap.width);
      Object.assign($("canvas", slot), { width: Math.round(what.bitmap.width * scale), height: Math.round(what.bitmap.height * scale) });
      draw(slot);
    }
    await offerTime(slot, what.file);
  };
  const fill = (slot) => {
    const [transfer, what] = [new DataTransfer(), chosen.get(key(slot))];
    if (what) transfer.items.add(what.file);
    input(slot).files = transfer.files;
    show(slot);
  };
  const choose = (slot, file) => {
    if (file) chosen.set(key(slot), { file, boxes: [] }); else chosen.delete(key(slot));
    fill(slot);
  };
  const taker = (target) => target.closest?.("[data-slot]") || $$("[data-slot]").find((slot) => !input(slot).files.length && !$(".kept-files", slot)) || $("[data-slot]");
  const say = (text) => {
    Object.assign($("#live"), { textContent: text }).toggleAttribute("data-show", true);
    setTimeout(() => $("#live").removeAttribute("data-show"), 6000);
  };
  const take = (event, files) => {
    const slot = taker(event.target);
    const mine = event.target.closest?.("[data-slot]");
    if (!files.length || !slot || (!mine && event.target.matches?.("input[type=file]"))) return;
    event.preventDefault();
    event.stopPropagation();
    const log = !mine && !files[0].type.startsWith("image/") && $("[data-paste-file]"); // a log is the error's
    if (log) log.files = files;
    else { choose(slot, files[0]); slot.scrollIntoView({ block: "nearest" }); }
    say(`${files[0].name} is attached. Nothing is recorded yet.`);
  };
  on("paste", (event) => take(event, event.clipboardData.files), true); // before app.js, which takes logs to the error
  on("dragover", (event) => { if ($("[data-slot]") && event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  on("drop", (event) => take(event, event.dataTransfer.files));
  on("change", ({ target }) => { if (target.matches("[data-slot] input[type=file]")) choose(target.closest("[data-slot]"), target.files[0]); });
  on("click", ({ target }) => {
    const slot = target.closest("[data-slot]");
    if (!slot) return;
    if (target.closest("[data-take-out]")) choose(slot, null);
    if (target.closest("[data-undo-box]")) { chosen.get(key(slot)).boxes.pop(); draw(slot); }
    if (target.closest("[data-own-time] button")) hidden(slot, "taken").value = $("[data-own-time]", slot).dataset.time;
  });

  window.drawBoxes((canvas) => {
    const slot = canvas.closest("[data-slot]");
    const what = slot && chosen.get(key(slot));
    return what?.bitmap && { what, add: (box) => addBox(slot, box), draw: () => draw(slot) };
  });

  // --- sending: progress, and the choice again after a refusal ---
  on("htmx:xhr:progress", ({ target, detail }) => {
    const bar = $(".upload-progress", target);
    if (bar && detail.lengthComputable && detail.total > 100000) Object.assign(bar, { hidden: false, value: (100 * detail.loaded) / detail.total });
  });
  on("htmx:beforeSwap", ({ detail: { xhr, requestConfig } }) => { // what was recorded is not offered again
    if (xhr.status < 400) [...chosen.keys()].filter((name) => name.startsWith(`${requestConfig.elt.action} `)).forEach((name) => chosen.delete(name));
  });
  const wake = () => $$("[data-slot]").forEach((slot) => {
    $("[data-hint]", slot).hidden = false;
    if (chosen.has(key(slot)) && !input(slot).files.length) fill(slot);
  });
  on("htmx:afterSettle", wake);
  wake();
})();
