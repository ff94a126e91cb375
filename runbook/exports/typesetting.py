"""Sets the report on paper, in a process of its own: no text can stop or fill the one that serves.

Run as a script this file is that process: a job as JSON in, a PDF out. It sees the layout, the fonts,
the texts and one folder of pictures, starts without the settings and secrets of the product, and gives
its memory back.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KILLED_AFTER = 60
MEMORY = 3 * 1024 * 1024 * 1024
CPU_SECONDS = 55
_FOLDER = Path(__file__).resolve().parent
_COMMAND = (sys.executable, "-I", str(_FOLDER / "typesetting.py"))
# Each takes a core and some hundred megabytes, so two at a time are enough for one process.
_AT_ONCE = threading.BoundedSemaphore(2)


class NotSet(RuntimeError):
    """The process that sets the paper failed or took too long."""


@contextmanager
def picture_folder() -> Iterator[Path]:
    """A private folder for the pictures of one paper, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="paper-") as folder:
        yield Path(folder)


def set_on_paper(
    content: dict[str, Any], *, standards: tuple[str, ...] = (), pictures: Path | None = None
) -> bytes:
    """The PDF of this content; equal contents give equal bytes. Raises NotSet.

    The layout can open nothing but what lies in the folder of pictures.
    """
    if pictures is None:
        with picture_folder() as empty:
            return set_on_paper(content, standards=standards, pictures=empty)
    job = json.dumps(
        {"data": json.dumps(content), "standards": standards, "pictures": str(pictures)}
    )
    with _AT_ONCE:
        try:
            done = subprocess.run(  # noqa: S603 - this very interpreter and file, no shell
                _COMMAND,
                input=job.encode(),
                capture_output=True,
                timeout=KILLED_AFTER,
                check=False,
                cwd=_FOLDER,
                env=_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise NotSet("it took too long") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise NotSet(done.stderr.decode("utf-8", "replace")[-2000:])
    return done.stdout


def _environment() -> dict[str, str]:
    """What a process needs to start, and no more."""
    needed = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG")
    return {key: os.environ[key] for key in needed if key in os.environ}


def _limit_this_process() -> None:
    """Windows has no such limits: there only the time-out of the parent holds."""
    try:
        import resource  # noqa: PLC0415 - this module is missing on Windows
    except ImportError:
        return
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _main() -> None:
    import typst  # noqa: PLC0415 - only the process that sets needs the library

    _limit_this_process()
    job = json.load(sys.stdin)
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(_FOLDER / "fonts")],
    )
    layout: bytes = (_FOLDER / "templates" / "report.typ").read_bytes()
    compiler = typst.Compiler(layout, root=job["pictures"], font_paths=fonts)
    made = compiler.compile(
        format="pdf", sys_inputs={"data": job["data"]}, pdf_standards=job["standards"]
    )
    if not isinstance(made, bytes):
        raise SystemExit("no single file came out")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    _main()
