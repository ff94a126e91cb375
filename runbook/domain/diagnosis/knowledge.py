"""What the engine asks of a pack; a pack has more, and nothing here depends on the rest."""

from collections.abc import Sequence
from typing import Protocol

from runbook.domain.diagnosis.family import ErrorFamily


class CodeRow(Protocol):
    """One row of a code table. `transient` is "maybe" for a code that only wraps others."""

    @property
    def hex(self) -> str:
        """The normal form of the code."""
        ...

    @property
    def symbolic_name(self) -> str:
        """The official name, or a dash if it was not read."""
        ...

    @property
    def transient(self) -> str:
        """yes, no or maybe."""
        ...


class Knowledge(Protocol):
    """Families, codes and the three families with a special part, as a `Pack` has them."""

    @property
    def digest(self) -> str:
        """Equal digests mean equal advice; empty if the pack was made by hand."""
        ...

    @property
    def families(self) -> tuple[ErrorFamily, ...]:
        """All families."""
        ...

    @property
    def codes(self) -> Sequence[CodeRow]:
        """The code table."""
        ...

    @property
    def fallback_family(self) -> str:
        """The family of a failed import without a known reason."""
        ...

    @property
    def not_an_error_family(self) -> str:
        """The family of texts that report no failed import."""
        ...
