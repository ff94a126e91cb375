"""Starting a run: versions number by number, text kept, and one run however often it is sent."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from runbook import library
from runbook.models import Run, User
from tests.web.pages import fields, page, said

PACKS = sorted(library.packs())
TYPED = {
    "environment_name": "Contoso CoE (Test)",
    "source_version": "4.9",
    "target_version": "4.29",
    "time_zone": "Europe/Berlin",
}


def form(client: Client, pack: str, **typed: str) -> dict[str, str]:
    """The form as the page shows it, filled in."""
    tree = page(client.get(reverse("new-run", args=[pack])))
    shown = fields(tree.by_id("main").one("form"))
    shown["solution"] = shown.get("solution") or "Lamp"
    return {**shown, **TYPED, **typed}


def begin(client: Client, pack: str, data: dict[str, str]) -> Any:
    return client.post(reverse("new-run", args=[pack]), data)


@pytest.mark.parametrize("pack", PACKS)
def test_begins_a_run_and_leads_to_it(as_ana: Client, pack: str) -> None:
    response = begin(as_ana, pack, form(as_ana, pack))

    run = Run.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("run", args=[run.pk])
    assert run.title == "Contoso CoE (Test)"
    shown = said(as_ana.get(response["Location"]))
    assert "The record has begun." in shown
    assert "4.9 to 4.29" in shown


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("4.9", "4.29"),
        ("4.29", "4.30"),
        ("4.9.9", "4.10.0"),
        ("1.0", "1.0.0.1"),
        ("4.50.2", "4.50.10"),
        ("9.9.9.9", "10.0"),
    ],
)
@pytest.mark.parametrize("pack", PACKS)
def test_versions_are_compared_number_by_number(
    as_ana: Client, pack: str, source: str, target: str
) -> None:
    data = form(as_ana, pack, source_version=source, target_version=target)
    back = form(as_ana, pack, source_version=target, target_version=source)

    assert begin(as_ana, pack, data).status_code == 302
    refused = begin(as_ana, pack, back)
    assert refused.status_code == 422
    assert f"{source} is not higher than {target}." in said(refused)
    assert Run.objects.count() == 1


@pytest.mark.parametrize("target", ["4.9", "4.9.0", "4.09", "4.9.0.0"])
def test_the_same_version_is_no_upgrade(as_ana: Client, target: str) -> None:
    data = form(as_ana, "dataverse", target_version=target)

    assert begin(as_ana, "dataverse", data).status_code == 422


@pytest.mark.parametrize(
    "wrong", ["4", "4.x", "v4.9", "4.9.", "4..9", "-4.9", "4.9.1.1.1", "٤.٩", "4.99999999999", ""]
)
@pytest.mark.parametrize("name", ["source_version", "target_version"])
def test_what_is_no_version_is_refused(as_ana: Client, name: str, wrong: str) -> None:
    response = begin(as_ana, "dataverse", form(as_ana, "dataverse", **{name: wrong}))

    assert response.status_code == 422
    assert not Run.objects.exists()


@pytest.mark.parametrize("pack", PACKS)
def test_everything_typed_comes_back_with_the_refusal(as_ana: Client, pack: str) -> None:
    data = form(as_ana, pack, source_version="4.29", target_version="4.9")

    response = begin(as_ana, pack, data)

    again = fields(page(response).by_id("main").one("form"))
    data.pop("csrfmiddlewaretoken", None)
    again.pop("csrfmiddlewaretoken", None)
    assert again == data


@pytest.mark.parametrize("name", ["base; drop", "<b>", "Lamp-1", "", "x" * 101, "{{ 7|add:7 }}"])
def test_a_solution_goes_by_its_unique_name(as_ana: Client, name: str) -> None:
    assert begin(as_ana, "dataverse", form(as_ana, "dataverse", solution=name)).status_code == 422


@pytest.mark.parametrize("zone", ["", "Moon/Base", "../../etc/passwd", "UTC\x00"])
def test_a_time_zone_must_exist(as_ana: Client, zone: str) -> None:
    assert begin(as_ana, "dataverse", form(as_ana, "dataverse", time_zone=zone)).status_code == 422


def test_a_double_click_begins_one_run(as_ana: Client) -> None:
    data = form(as_ana, "dataverse")

    answers = [begin(as_ana, "dataverse", data) for _ in range(4)]

    run = Run.objects.get()
    assert {answer["Location"] for answer in answers} == {reverse("run", args=[run.pk])}
    assert run.version == 2


def test_two_pages_begin_two_runs(as_ana: Client) -> None:
    """The control: it is the key of the page that counts, not the words."""
    for _ in range(2):
        begin(as_ana, "dataverse", form(as_ana, "dataverse"))

    assert Run.objects.count() == 2


def test_a_key_of_somebody_else_begins_a_run_of_my_own(
    as_ana: Client, ben: User, sign_in: Callable[[User], Client]
) -> None:
    data = form(as_ana, "dataverse")
    mine = begin(as_ana, "dataverse", data)
    as_ben = sign_in(ben)

    his = begin(as_ben, "dataverse", data)

    assert his["Location"] != mine["Location"]
    assert as_ben.get(his["Location"]).status_code == 200
    assert as_ben.get(mine["Location"]).status_code == 404


@pytest.mark.parametrize("name", ["new-run", "adopt-run"])
def test_an_unknown_pack_is_not_there(as_ana: Client, name: str) -> None:
    assert as_ana.get(reverse(name, args=["moon"])).status_code == 404
    assert as_ana.post(reverse(name, args=["moon"]), TYPED).status_code == 404


@pytest.mark.parametrize("name", ["new-run", "adopt-run"])
def test_who_is_signed_out_begins_nothing(client: Client, ana: User, name: str) -> None:
    target = reverse(name, args=["dataverse"])

    assert client.post(target, TYPED)["Location"].startswith("/accounts/login/")
    assert not Run.objects.exists()


def test_looking_at_the_form_begins_nothing(as_ana: Client) -> None:
    response = as_ana.get(reverse("new-run", args=["dataverse"]))

    assert response.status_code == 200
    assert not list(get_messages(response.wsgi_request))
    assert not Run.objects.exists()
