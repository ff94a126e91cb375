"""Log lines as JSON: one line per record, and nothing in it that a person typed into a form."""

import json
import logging
import traceback
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Names the exception and where it came from, not its message.

    Messages of database and parser errors quote the values they met, and those may be pasted error
    texts with tokens in them. JSON also keeps a line break in a value from forging a second line.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str | list[str]] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["exception"] = f"{kind.__module__}.{kind.__qualname__}"
            line["at"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(trace)
            ]
        return json.dumps(line, ensure_ascii=True, default=str)
