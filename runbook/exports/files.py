"""The parts of files for people that are no code: styles, a script, the layout of the PDF."""

from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent / "templates"
FONTS = Path(__file__).resolve().parent / "fonts"


@cache
def read(name: str) -> str:
    """One of them by its name."""
    return (TEMPLATES / name).read_text(encoding="utf-8")
