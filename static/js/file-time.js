// When a file says it was made: what the camera wrote into a JPEG, else what the file system says. It is
// only ever offered. `modified` goes along with the form; `time` is on the clock of the run's zone.
window.ownTime = (() => {
  const cameraTime = async (file) => {
    if (file.type !== "image/jpeg") return "";
    const view = new DataView(await file.slice(0, 131072).arrayBuffer());
    const text = (at, length) => String.fromCharCode(...new Uint8Array(view.buffer, at, length));
    for (let at = 2; at + 4 < view.byteLength && view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
      if (view.getUint8(at + 1) !== 0xe1 || text(at + 4, 4) !== "Exif") continue;
      const base = at + 10;
      const little = text(base, 2) === "II";
      const find = (from, tag) => {
        for (let n = view.getUint16(from, little), entry = from + 2; n > 0; n -= 1, entry += 12) {
          if (view.getUint16(entry, little) === tag) return base + view.getUint32(entry + 8, little);
        }
        return 0;
      };
      const exif = find(base + view.getUint32(base + 4, little), 0x8769);
      const said = exif && find(exif, 0x9003);
      const parts = said && text(said, 19).match(/^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d):\d\d$/);
      return parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}` : "";
    }
    return "";
  };
  const clock = (moment, timeZone) => new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" }).format(moment).replace(" ", "T");
  return async (file, zone) => {
    const camera = await cameraTime(file).catch(() => "");
    const old = Math.abs(Date.now() - file.lastModified) > 120000; // what was just pasted has no time of its own
    return {
      time: camera || (old ? clock(file.lastModified, zone) : ""),
      modified: old ? new Date(file.lastModified).toISOString() : "",
    };
  };
})();
