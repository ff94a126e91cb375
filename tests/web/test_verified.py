"""What a page says about how far a record is proved."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.template.loader import render_to_string

from runbook.services.verification import OutsideCopy, Verification

AT = datetime(2026, 11, 22, 10, 4, tzinfo=UTC)
COPY = OutsideCopy(size=51, how="export to", receiver="<i hx-get='/x'>Ana", at=AT)
PROVED: dict[str, Any] = {"version": 58, "size": 57, "at": AT, "key": "AB12 CD34"}


def shown(**said: Any) -> str:
    said = {"version": 58, **said}
    text = render_to_string(
        "runs/_verified.html", {"verification": Verification(**said), "zone": "Europe/Berlin"}
    )
    return " ".join(text.split())


def test_it_names_the_newest_proof_and_the_newest_copy_outside() -> None:
    text = shown(**PROVED, copy=COPY)

    assert "Verified up to event 57, signed <time" in text
    assert (
        "last outside copy: event 51, export to &lt;i hx-get=&#x27;/x&#x27;&gt;Ana, <time" in text
    )
    assert "AB12 CD34" in text
    assert "hx-disable hx-ignore" in text


@pytest.mark.parametrize("said", [{}, {"copy": COPY}])
def test_nothing_signed_is_not_called_verified(said: dict[str, Any]) -> None:
    assert "Not signed yet" in shown(**said)
    assert "erified" not in shown(**said).replace('class="verified"', "")


def test_a_fault_stands_there_alone_and_red() -> None:
    text = shown(fault="event 5 is not the one on record.", copy=COPY)

    assert 'class="refusal" role="alert"' in text
    assert "event 5 is not the one on record." in text
    assert "erified up to" not in text
