// Drags rectangles over a picture, by pointer or by keys; evidence.js says which picture, and keeps them.
window.drawBoxes = (pictureOf) => {
  const place = ({ offsetX, offsetY, target }, bitmap) => [offsetX, offsetY].map((at) => Math.round((at * bitmap.width) / target.clientWidth));
  const span = ([x, y], [u, v]) => [Math.min(x, u), Math.min(y, v), Math.abs(x - u), Math.abs(y - v)];
  const arrows = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1] };
  let from = null;
  const on = (name, handler) => document.addEventListener(name, (event) => {
    const picture = event.target.matches?.("canvas") && pictureOf(event.target);
    if (!picture) return;
    handler(event, picture.what, picture.add);
    picture.draw();
  });
  on("pointerdown", (event, { bitmap }) => {
    event.target.setPointerCapture(event.pointerId);
    from = place(event, bitmap);
  });
  on("pointermove", (event, what) => { if (from) what.cursor = span(from, place(event, what.bitmap)); });
  on("pointerup", (event, what, add) => {
    if (from) add(span(from, place(event, what.bitmap)));
    from = what.cursor = null;
  });
  on("pointercancel", (event, what) => { from = what.cursor = null; });
  on("keydown", (event, what, add) => {
    const arrow = arrows[event.key];
    if (!arrow && event.key !== "Enter") return;
    event.preventDefault();
    const step = Math.max(4, Math.round(what.bitmap.width / 50));
    what.cursor ||= [0, 0, 8 * step, 2 * step];
    if (!arrow) return add([...what.cursor]);
    const side = arrow[0] + (event.shiftKey ? 2 : 0); // Shift changes the size
    what.cursor[side] = Math.max(event.shiftKey ? step : 0, what.cursor[side] + arrow[1] * step);
  });
};
