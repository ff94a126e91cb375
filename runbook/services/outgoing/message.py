"""What is sent and how it ended: two frozen values that every way of sending shares."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice as a receiver gets it. A repeat carries the same key, so receivers can tell it."""

    key: str
    title: str
    body: str
    url: str
    kind: str

    @property
    def headline(self) -> str:
        """The title on one line, without any character that could end a header or a line."""
        return " ".join("".join(c if c.isprintable() else " " for c in self.title).split())


class End(StrEnum):
    """How sending ended. `refused` is our own decision; nothing left the house."""

    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The end of one try. The reason is a sentence for the owner, free of addresses and secrets."""

    end: End
    reason: str = ""
    may_retry: bool = False


SENT = Sent(end=End.SENT)


def refused(reason: str) -> Sent:
    return Sent(end=End.REFUSED, reason=reason)


def failed(reason: str, *, may_retry: bool) -> Sent:
    return Sent(end=End.FAILED, reason=reason, may_retry=may_retry)
