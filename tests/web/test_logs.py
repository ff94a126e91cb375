"""Log lines are JSON and repeat nothing that a person pasted."""

import json
import logging
import sys

from runbook.web.logs import JsonLines


def line_for(message: str, *args: object, failed: bool = False) -> str:
    error = sys.exc_info() if failed else None
    record = logging.LogRecord("runbook", logging.ERROR, __file__, 1, message, args, error)
    return JsonLines().format(record)


def test_a_record_is_one_line_of_json() -> None:
    line = line_for("refused %s", 'first\nsecond "quoted"')

    assert "\n" not in line
    assert json.loads(line)["message"] == 'refused first\nsecond "quoted"'


def test_an_exception_is_named_but_not_quoted() -> None:
    try:
        raise ValueError("token=abc123")
    except ValueError:
        line = line_for("failed", failed=True)

    assert "abc123" not in line
    assert json.loads(line)["exception"] == "builtins.ValueError"
    assert "test_logs.py" in json.loads(line)["at"][0]
