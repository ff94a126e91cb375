"""Ways to write the record of a run as bytes: report in, bytes out, nothing else touched."""

from runbook.domain.registry import collect
from runbook.exports import formats
from runbook.exports.format import Format

FORMATS: dict[str, Format] = collect(formats, "FORMAT", kind=Format)
