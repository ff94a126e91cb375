"""The lines that a person copies into a script: one for each shell, with the address and the token.

Single quotes hold everything in both shells; neither an address nor a token nor these bodies has one.
"""

import json
from collections.abc import Mapping

from runbook.models import ApiToken
from runbook.services.tokens import Scope

Line = tuple[str, str]


def lines(
    address: str, *, token: str, scope: ApiToken.Scope, attempt: int = 0
) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """What the lines do, and the line by shell; `attempt` is the open one, 0 for none."""
    if scope == Scope.READ:
        return (("Read the run", _reading(address, token)),)
    ended: dict[str, object] = {"outcome": "succeeded"}
    if attempt:
        ended["attempt"] = attempt
    return (
        ("How the attempt ended", _sending(f"{address}attempt", token, body=ended)),
        ("A note", _sending(f"{address}notes", token, body={"text": "Put your words here."})),
    )


def _reading(address: str, token: str) -> tuple[Line, ...]:
    return (
        ("PowerShell", f"Invoke-RestMethod -Uri '{address}' {_powershell(token)}"),
        ("curl", f"curl --fail-with-body {_curl(token)} '{address}'"),
    )


def _sending(address: str, token: str, *, body: Mapping[str, object]) -> tuple[Line, ...]:
    text = json.dumps(body)
    kind = "application/json"
    return (
        (
            "PowerShell",
            # Windows PowerShell 5.1 sends other letters than ASCII in UTF-8 only if it is told to.
            f"Invoke-RestMethod -Method Post -Uri '{address}' {_powershell(token)} "
            f"-ContentType '{kind}; charset=utf-8' -Body '{text}'",
        ),
        (
            "curl",
            f"curl --fail-with-body {_curl(token)} -H 'Content-Type: {kind}' -d '{text}' '{address}'",
        ),
    )


def _powershell(token: str) -> str:
    return f"-Headers @{{Authorization='Bearer {token}'}}"


def _curl(token: str) -> str:
    return f"-H 'Authorization: Bearer {token}'"
