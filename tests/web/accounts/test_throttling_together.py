"""AN-01: four workers that try passwords at the same moment share one count."""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache

from runbook.models import User
from tests.conftest import PASSWORD
from tests.services.crowd import at_once
from tests.web.accounts.test_throttling import LIMIT_OF_AN_ACCOUNT, addresses, tried


def test_four_at_once_share_one_count(committed_db: None, make_user: Callable[[str], User]) -> None:
    """AN-01: a count in each process would let four times as many through.

    Each thread has a database connection of its own, as a process has; the count lives in no memory.
    """
    cache.clear()
    make_user("ana")
    assert "DatabaseCache" in settings.CACHES["default"]["BACKEND"]

    def batch(number: int) -> Callable[[], list[str]]:
        places = addresses(24)[number * 6 : number * 6 + 6]
        return lambda: [tried("ana", address=place) for place in places]

    results = at_once([batch(number) for number in range(4)])

    assert all(isinstance(result, list) for result in results), results
    said = [answer for result in results if isinstance(result, list) for answer in result]
    assert len(said) == 24
    # Two that meet at the lock for more than a second are refused without a count: never too many.
    assert 1 <= said.count("wrong") <= LIMIT_OF_AN_ACCOUNT
    assert tried("ana", password=PASSWORD, address="203.0.113.9") == "blocked" or (
        said.count("wrong") < LIMIT_OF_AN_ACCOUNT
    )
