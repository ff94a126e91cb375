"""What the packs know can be found and read; it says where each statement comes from."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from runbook.library import packs
from runbook.models import User

SignIn = Callable[[User], Client]


@pytest.fixture
def reader(sign_in: SignIn, dora: User) -> Client:
    return sign_in(dora)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def found(client: Client, asked: str) -> set[str]:
    response = client.get("/knowledge/", {"q": asked})
    assert response.status_code == 200
    return set(re.findall(r'href="/knowledge/dataverse/([a-z-]+)/"', response.content.decode()))


def test_the_index_names_each_family_once_and_each_pack_honestly(reader: Client) -> None:
    text = page(reader, "/knowledge/")

    for family in packs()["dataverse"].families:
        assert text.count(f"/dataverse/{family.slug}/") == 1
    assert "Not maintained" in text
    assert "Unmaintained since 2026-05-07" in text
    assert "verified on 2026-11-22" in text


@pytest.mark.parametrize(
    "asked",
    ["80097376", "0x80097376", "80097376 ", "-2146864266", "2148103030", "Error code: 80097376!"],
)
def test_a_code_is_found_in_any_spelling(reader: Client, asked: str) -> None:
    assert "transient-gateway" in found(reader, asked)


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        ("transient-gateway", "transient-gateway"),
        ("THROTTLED", "throttled"),
        ("did not answer", "transient-gateway"),
    ],
)
def test_a_family_is_found_by_its_slug_and_by_words(reader: Client, asked: str, slug: str) -> None:
    assert slug in found(reader, asked)


def test_a_code_without_a_family_shows_its_row(reader: Client) -> None:
    text = page(reader, "/knowledge/?q=0x80040200")

    assert "RequiredFieldMissing" in text
    assert text.count("-2147220992") == 1


def test_a_symbolic_name_is_found(reader: Client) -> None:
    assert "80040200" in page(reader, "/knowledge/?q=requiredfieldmissing")


def test_what_is_not_found_is_said(reader: Client) -> None:
    assert "Nothing here fits" in page(reader, "/knowledge/?q=samovar")


def test_a_question_is_shown_as_text(reader: Client) -> None:
    asked = '"><script>alert(1)</script>'
    text = page(reader, f"/knowledge/?q={asked}")

    assert "<script>alert" not in text
    assert escape(asked) in text


@pytest.mark.parametrize("asked", ["a" * 100_000, "\x00", "'%3B--", "80097376 " * 2000, "\u202e"])
def test_any_question_gets_an_answer(reader: Client, asked: str) -> None:
    assert reader.get("/knowledge/", {"q": asked}).status_code == 200


@pytest.mark.parametrize("pack", ["dataverse", "coe_starter_kit"])
def test_every_family_has_a_page(reader: Client, pack: str) -> None:
    for family in packs()[pack].families:
        text = page(reader, f"/knowledge/{pack}/{family.slug}/")
        assert escape(family.title) in text
        assert f"revision {family.revision}" in text


def test_a_family_says_what_to_do_what_never_and_who_says_so(reader: Client) -> None:
    text = page(reader, "/knowledge/dataverse/transient-gateway/")

    assert "What to do, in this order" in text
    assert "Do not delete the base solution" in text
    assert "<code>&lt;name&gt;_Upgrade</code>" in text
    assert 'class="house"' in text
    assert "80097376" in text
    assert 'rel="noreferrer noopener"' in text
    assert "At most 4 attempts in 24 hours" in text


@pytest.mark.parametrize("slug", ["dataverse", "coe_starter_kit"])
def test_every_pack_has_a_page(reader: Client, slug: str) -> None:
    text, pack = page(reader, f"/knowledge/{slug}/"), packs()[slug]

    for source in pack.sources:
        assert escape(source.title) in text
    for release in pack.releases:
        assert f"<code>{release.version}</code>" in text
    for risk in pack.paths.risks:
        assert escape(risk.title) in text
    for recipient in pack.recipients:
        assert escape(recipient.title) in text


@pytest.mark.parametrize(
    "address", ["/knowledge/samovar/", "/knowledge/samovar/unknown/", "/knowledge/dataverse/none/"]
)
def test_what_no_pack_knows_is_not_found(reader: Client, address: str) -> None:
    assert reader.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/knowledge/", "/knowledge/dataverse/", "/knowledge/dataverse/unknown/", "/knowledge/x/"],
)
def test_knowledge_is_for_people_who_signed_in(client: Client, ana: User, address: str) -> None:
    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("address", ["/knowledge/", "/knowledge/dataverse/"])
def test_knowledge_is_only_read(reader: Client, address: str) -> None:
    assert reader.post(address).status_code == 405


def test_a_page_of_knowledge_asks_the_database_only_who_reads(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        reader.get("/knowledge/coe_starter_kit/")
