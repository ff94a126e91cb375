"""Somebody arrives when it has already gone wrong; the interlock keeps the data."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from runbook import queries
from runbook.models import Run, User
from tests.browser.people import CORE, HOLDING, NEW, OLD, Person

SignIn = Callable[[User], Page]
START = re.compile(r"^Record: attempt \d+ started")


def test_only_the_upgrade_copy_is_left_and_everything_stops(
    server: str, signed_in_page: SignIn, ana: User
) -> None:
    me = Person(signed_in_page(ana), server)

    me.adopt(error_text="Deleting the old version took too long and was given up.")
    me.stands_at("Read the installed state before anything else")
    expect(me.button(START)).to_have_count(0)
    me.read_state(base="", holding=NEW)

    me.stands_at("Touch nothing. Back up, and open a ticket")
    me.sees("Never delete the _Upgrade solution: it is now the only owner of all tables and rows.")
    expect(me.button(START)).to_have_count(0)
    expect(me.button("Record: only this solution was removed")).to_have_count(0)
    help_card = me.card("Ask for help")
    expect(help_card).to_contain_text("Microsoft Support")
    me.unfold("Handed over already? Record it")
    me.field("Handed to").select_option(label="Microsoft Support")
    me.field("Ticket number").fill("2611240040001234")
    me.press("Record: handed over")
    me.is_told("Recorded: handed over.")
    me.sees("ticket 2611240040001234")
    queries.verify_run(Run.objects.get())


def test_the_interlock_lets_only_the_leftover_go(
    server: str, signed_in_page: SignIn, ana: User
) -> None:
    me = Person(signed_in_page(ana), server)
    me.page.expected_errors.append("409")  # type: ignore[attr-defined]

    me.adopt(error_text="ImportAsHolding stopped half way, with no code.")
    me.read_state(base=OLD, holding=NEW)
    me.stands_at("An upgrade is pending: finish it, do not import again")
    me.sees("Never delete the base because it is the old one, and do not import again.")

    me.unfold("discard the pending upgrade")
    me.asks_to_remove(CORE, typed=CORE, version=OLD)
    me.is_refused("deletes everything that only it brought: its tables, every row in them")
    me.does_not_see("Recorded: the removal.")
    me.asks_to_remove(HOLDING, typed=HOLDING.lower(), version=NEW)
    me.is_refused("Type the exact unique name of what is removed")
    me.asks_to_remove(HOLDING, typed=HOLDING, version=NEW)
    me.is_told("Recorded: the removal.")
    me.stands_at("Read the installed state before anything else")
    expect(me.button(START)).to_have_count(0)

    me.read_state(base=OLD)
    me.sees("Only the old version is there")
    expect(me.button("Record: only this solution was removed")).to_have_count(0)
    me.page.reload()
    me.sees("Only the old version is there")
    queries.verify_run(Run.objects.get())
