"""AN-01, AN-02: tries are counted for all workers together, and nobody chooses their own address."""

import asyncio
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from runbook.models import User
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"
LIMIT_OF_AN_ACCOUNT = 5  # in five minutes, ACCOUNT_RATE_LIMITS
LIMIT_OF_AN_ADDRESS = 10  # in a minute


@pytest.fixture(autouse=True)
def no_tries_yet(db: None) -> None:
    cache.clear()


def tried(login: str, *, address: str = "192.0.2.1", password: str = "", **more: Any) -> str:
    typed = {"login": login, "password": password or "wrong"}
    page = Client(REMOTE_ADDR=address).post(LOGIN, typed, **more)
    if page.status_code == 302:
        return "in"
    return "blocked" if "Too many failed login attempts" in page.content.decode() else "wrong"


def addresses(count: int) -> list[str]:
    return [f"198.51.100.{number}" for number in range(1, count + 1)]


def test_a_hundred_wrong_passwords_for_one_account(ana: User) -> None:
    """AN-01: blocked after exactly five, wherever they come from."""
    results = [tried("ana", address=address) for address in addresses(100)]

    assert results == ["wrong"] * LIMIT_OF_AN_ACCOUNT + ["blocked"] * 95
    assert tried("ana", password=PASSWORD, address="203.0.113.9") == "blocked"


def test_one_address_and_many_accounts(ana: User) -> None:
    """AN-01: blocked after exactly ten, and the others go on."""
    results = [tried(f"somebody{number}") for number in range(15)]

    assert results == ["wrong"] * LIMIT_OF_AN_ADDRESS + ["blocked"] * 5
    assert tried("ana", password=PASSWORD, address="203.0.113.9") == "in"


def test_each_name_of_an_account_adds_to_one_count(ana: User) -> None:
    names = ["ana", "ANA", "ana@example.org", "Ana@Example.org", "aNa", "ana", "ana@example.org"]

    results = [
        tried(name, address=address) for name, address in zip(names, addresses(7), strict=True)
    ]

    assert results == ["wrong"] * LIMIT_OF_AN_ACCOUNT + ["blocked"] * 2


def test_a_port_in_the_host_opens_no_new_count(ana: User) -> None:
    results = [
        tried("ana", address=address, headers={"host": f"localhost:{8000 + number}"})
        for number, address in enumerate(addresses(7))
    ]

    assert results == ["wrong"] * LIMIT_OF_AN_ACCOUNT + ["blocked"] * 2


def test_right_passwords_use_nothing_up(ana: User) -> None:
    assert [tried("ana", password=PASSWORD) for _ in range(12)] == ["in"] * 12


def test_a_forged_header_changes_nothing(ana: User) -> None:
    """AN-02 without a proxy: the address is that of the connection."""
    results = [
        tried(
            "ana",
            headers={
                "x-forwarded-for": address,
                "x-real-ip": address,
                "forwarded": f"for={address}",
            },
        )
        for address in addresses(7)
    ]
    others = [
        tried(f"x{number}", headers={"x-forwarded-for": f"10.0.0.{number}"}) for number in range(8)
    ]

    assert results == ["wrong"] * LIMIT_OF_AN_ACCOUNT + ["blocked"] * 2
    assert others == ["wrong"] * (LIMIT_OF_AN_ADDRESS - len(results)) + ["blocked"] * 5


def address_seen(*, peer: str, header: str, trusted: str) -> str:
    """What the product takes for the client's address behind uvicorn's reading of the header."""
    seen: list[str] = []

    async def product(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])

    headers = [(b"x-forwarded-for", header.encode())] if header else []
    scope = {"type": "http", "scheme": "http", "client": (peer, 4711), "headers": headers}
    asyncio.run(ProxyHeadersMiddleware(product, trusted_hosts=trusted)(scope, None, None))  # type: ignore[arg-type]
    return seen[0]


CLIENT, INNER, OUTER = "203.0.113.7", "10.0.0.2", "10.0.0.3"
CHAINS = {
    0: {"peer": CLIENT, "added": "", "trusted": "127.0.0.1"},
    1: {"peer": INNER, "added": CLIENT, "trusted": INNER},
    2: {"peer": INNER, "added": f"{CLIENT}, {OUTER}", "trusted": f"{INNER},{OUTER}"},
}


@pytest.mark.parametrize("proxies", CHAINS)
def test_behind_proxies_a_forged_header_is_no_way_around_the_limit(ana: User, proxies: int) -> None:
    """AN-02: with 0, 1 and 2 trusted proxies the client's own address counts, whatever it claims."""
    chain = CHAINS[proxies]

    def attempt(forged: str, client: str = CLIENT) -> str:
        header = ", ".join(filter(None, [forged, chain["added"].replace(CLIENT, client)]))
        peer = chain["peer"].replace(CLIENT, client)
        address = address_seen(peer=peer, header=header, trusted=chain["trusted"])
        assert address == client
        return address

    results = [tried(f"x{number}", address=attempt(f"192.0.2.{number}")) for number in range(12)]

    assert results == ["wrong"] * LIMIT_OF_AN_ADDRESS + ["blocked"] * 2
    # The others behind the same proxies are other addresses.
    neighbour = attempt("", client="203.0.113.8")
    assert tried("ana", password=PASSWORD, address=neighbour) == "in"


def test_allauth_reads_no_header_of_its_own() -> None:
    assert settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0
    assert not hasattr(settings, "ALLAUTH_TRUSTED_CLIENT_IP_HEADER")


def test_a_passkey_opens_where_passwords_are_blocked(ana: User) -> None:
    """Somebody who blocks an account on purpose does not shut the person out."""
    for address in addresses(6):
        tried("ana", address=address)

    response = Client().get(
        "/accounts/second-factor/webauthn/login/", headers={"accept": "application/json"}
    )

    assert "challenge" in response.json()["request_options"]["publicKey"]
