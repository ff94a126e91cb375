"""The main path for a browser that runs no script: every button is a plain form."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from runbook import queries
from runbook.models import Run, User
from tests.browser.people import BAD_GATEWAY, BEFORE_IMPORT, BEFORE_STATE, OLD, Person


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_the_main_path_needs_no_script(
    server: str, signed_in_page: Callable[[User], Page], ana: User
) -> None:
    me = Person(signed_in_page(ana), server)

    me.start_upgrade("Plain forms")
    me.work_through(*BEFORE_STATE)
    me.read_state(base=OLD)
    me.complete("What is installed now")
    me.work_through(*BEFORE_IMPORT)
    me.start_attempt(1)
    me.record_outcome("It failed", text=BAD_GATEWAY)
    me.sees("A platform service did not answer", "HELPER - Add User to Security Role")
    me.read_state(base=OLD)
    me.stands_at(re.compile("^Wait until"))
    expect(me.page.get_by_role("timer")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(me.button("Record: attempt 2 started")).to_be_disabled()
    me.note("Told the team that we wait.")
    me.sees("Told the team that we wait.")
    expect(me.button(re.compile("^Copy"))).to_have_count(0)

    run = Run.objects.get()
    count, _ = queries.verify_run(run)
    assert count == run.version
