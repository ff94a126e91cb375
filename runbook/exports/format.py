"""What an export format is: a slug, how the file is called and typed, and a pure function."""

from collections.abc import Callable
from dataclasses import dataclass

from runbook.domain.chain import Link
from runbook.domain.report import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """What is handed out: the report for people, and the stored events up to the same head."""

    report: RunReport
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a handout as bytes; equal handouts give equal bytes."""

    slug: str
    label: str
    content_type: str
    extension: str
    render: Callable[[Handout], bytes]
