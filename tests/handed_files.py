"""Files that people and attackers hand in, built in memory; all names and places are made up."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

TAKEN = "2026:11:20 20:14:05"
MANIFEST = (
    '<?xml version="1.0" encoding="utf-8"?><ImportExportXml version="9.2"><SolutionManifest>'
    '<UniqueName>{name}</UniqueName><LocalizedNames><LocalizedName description="{title}" '
    'languagecode="1033" /></LocalizedNames><Version>{version}</Version><Managed>1</Managed>'
    "<MissingDependencies><MissingDependency><Required><UniqueName>Other</UniqueName></Required>"
    "</MissingDependency></MissingDependencies></SolutionManifest></ImportExportXml>"
)


def image(
    fmt: str = "PNG", *, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture whose left half is red and right half is green, as far as its mode can show it."""
    picture = Image.new("RGB", size, "red")
    picture.paste("green", (size[0] // 2, 0, *size))
    out = io.BytesIO()
    picture.convert(mode).save(out, fmt, **options)
    return out.getvalue()


def photo(*, taken: str = TAKEN) -> bytes:
    """A JPEG as a phone makes it: taken somewhere, at some time, by somebody, held upright."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "CameraMaker", "Ana Secretname", 6
    exif.get_ifd(0x8769)[0x9003] = taken
    degrees = (IFDRational(52), IFDRational(31), IFDRational(12))
    exif.get_ifd(0x8825).update({1: "N", 2: degrees, 3: "E", 4: degrees, 29: "2026:11:20"})
    return image("JPEG", exif=exif, comment=b"Ana was here", quality=95)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *, data: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG with a header of our choice; black and white, one bit for each pixel."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def white(width: int, height: int) -> bytes:
    """The packed rows of a white picture, small however large it is."""
    machine, row = zlib.compressobj(9), b"\0" + b"\xff" * ((width + 7) // 8)
    return b"".join(machine.compress(row) for _ in range(height)) + machine.flush()


def zipped(contents: Mapping[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()


def solution(name: str = "Lamp", version: str = "4.29.1", *, title: str = "The Lamp") -> bytes:
    """A solution package as it is exported; its settings hold what must not be kept."""
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "solution.xml": MANIFEST.format(name=name, version=version, title=title),
            "customizations.xml": "<ImportExportXml><EntityMaps/></ImportExportXml>",
            "environmentvariabledefinitions/a/environmentvariablevalues.json": "TOPSECRETVALUE",
        }
    )


def kit() -> bytes:
    """A download that holds two solutions and a read-me."""
    return zipped(
        {"Lamp.zip": solution(), "Tower.zip": solution("Tower", "2.0"), "README.md": "# Kit"},
        method=zipfile.ZIP_STORED,
    )


def office(folder: str) -> bytes:
    """An Office file of the new kind."""
    return zipped({"[Content_Types].xml": "<Types/>", f"{folder}/document.xml": "<w/>"})


XML_LOG = b'<?xml version="1.0"?><Workbook><Row>Failure 0x80048033</Row></Workbook>'
TEXT_LOG = b"20:14:05 import failed with BadGateway\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"

#: What each kind of file looks like, with an extension of its own.
GOOD: Mapping[str, tuple[str, bytes]] = {
    "png": ("screen.png", image()),
    "jpeg": ("screen.jpg", image("JPEG")),
    "webp": ("screen.webp", image("WEBP", lossless=True)),
    "xml": ("log.xml", XML_LOG),
    "text": ("log.txt", TEXT_LOG),
    "zip": ("lamp.zip", solution()),
}

#: Contents that no kind takes.
FOREIGN: Mapping[str, bytes] = {
    "nothing": b"",
    "svg": SVG,
    "svg after a declaration": b'<?xml version="1.0"?>\n<!-- x -->' + SVG,
    "svg behind a long comment": b'<?xml version="1.0"?><!-- ' + b"x" * 9000 + b" -->" + SVG,
    "html": HTML,
    "html without a type": b"<html><head></head></html>",
    "xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>',
    "gif": image("GIF"),
    "gif with script": b"GIF89a/*" + b"\0" * 30 + b"*/=alert(1)//",
    "bmp": image("BMP"),
    "tiff": image("TIFF"),
    "icon": image("ICO", size=(32, 32)),
    "pdf": b"%PDF-1.7\n1 0 obj<<>>endobj\n",
    "postscript": b"%!PS-Adobe-3.0\n",
    "rtf": b"{\\rtf1\\ansi hello}",
    "old office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "word": office("word"),
    "excel": office("xl"),
    "zip of pictures": zipped({"a.png": image(), "b.txt": "x"}),
    "empty zip": zipped({}),
    "program": b"MZ\x90\0\x03\0\0\0" + b"\0" * 60,
    "elf": b"\x7fELF\x02\x01\x01" + b"\0" * 60,
    "gzip": gzip.compress(b"hello", mtime=0),
    "sqlite": b"SQLite format 3\0" + b"\x10\0\x01\x01" + b"\0" * 80,
    "sound": b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 30,
    "noise": bytes(range(256)) * 8,
}
