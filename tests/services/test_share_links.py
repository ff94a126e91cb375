"""SL-01, SL-02, SL-06 and what links are allowed, below the web."""

import logging
import string
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection

from runbook import queries
from runbook.domain.errors import ForbiddenAction, TransitionRefused
from runbook.domain.vocabulary import Action, LinkScope, Role, RunStage
from runbook.models import Run, ShareLink, User
from runbook.models.timeline import Event
from runbook.services import people, sharing
from runbook.services.sharing import NoSuchLink, TooManyWrongCodes, Wanted
from tests.factories import act, add_member, make_run, make_run_at
from tests.services.crowd import at_once
from tests.shares import make_link

HERE, THERE = "192.0.2.7", "198.51.100.9"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return make_run(ana, now)


def test_sl_01_tokens_are_long_random_and_marked() -> None:
    tokens = {sharing.new_token() for _ in range(10_000)}

    assert len(tokens) == 10_000
    assert {len(token) for token in tokens} == {4 + 43}
    assert all(token.startswith("uws_") for token in tokens)
    alphabet = set(string.ascii_letters + string.digits + "-_")
    assert set("".join(token[4:] for token in tokens)) == alphabet
    with patch("runbook.services.sharing.secrets.token_bytes", return_value=bytes(32)) as source:
        assert sharing.new_token() == f"uws_{'A' * 43}"
    source.assert_called_once_with(32)  # 256 bits


def dump() -> str:
    """Every cell of every table."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names from the database
            found += [
                str(bytes(c) if isinstance(c, memoryview) else c)
                for row in cursor.fetchall()
                for c in row
            ]
    return "\n".join(found)


def test_sl_02_no_usable_token_stands_in_the_database(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now)
    sharing.open_link(token=token, address=HERE, now=now)

    stored = dump()

    assert link.digest in stored  # the dump does see the table
    assert token not in stored
    assert token.removeprefix("uws_") not in stored


def test_a_link_ends_on_its_day_and_not_after_ninety(run: Run, ana: User, now: datetime) -> None:
    link, _ = make_link(run, ana, now)
    assert link.expires == now + timedelta(days=14)

    with pytest.raises(TransitionRefused, match="at most 90 days"):
        make_link(run, ana, now, days=91)
    assert ShareLink.objects.count() == 1


def test_secrets_in_a_label_are_kept_nowhere(run: Run, ana: User, now: datetime) -> None:
    link, _ = make_link(run, ana, now, label="password=hunter2hunter2")

    assert "hunter2" not in dump()
    assert "secret" in link.label


@pytest.mark.parametrize("role", [Role.VERIFIER, Role.REVIEWER, Role.OBSERVER])
def test_only_who_may_makes_and_ends_links(
    run: Run, ana: User, ben: User, now: datetime, role: Role
) -> None:
    link, _ = make_link(run, ana, now)
    add_member(run, ana, user=ben, role=role, now=now)

    with pytest.raises(ForbiddenAction):
        make_link(run, ben, now)
    with pytest.raises(ForbiddenAction):
        sharing.revoke_link(run_id=run.pk, act=act(ben, now=now), link=link.handle)


def test_a_link_of_another_run_cannot_be_revoked_from_here(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    theirs = make_run(ben, now)
    link, _ = make_link(theirs, ben, now)

    with pytest.raises(TransitionRefused, match="no such link"):
        sharing.revoke_link(run_id=run.pk, act=act(ana, now=now), link=link.handle)
    assert sharing.link_for(link.handle, now=now).row == theirs


def test_the_same_form_twice_is_one_link_and_shows_its_code_once(
    run: Run, ana: User, now: datetime
) -> None:
    wanted = Wanted(label="One", scope=LinkScope.READ, profile="public")
    key = run.pk
    first, token = sharing.create_link(run_id=run.pk, act=act(ana, now=now, key=key), wanted=wanted)
    again, nothing = sharing.create_link(
        run_id=run.pk, act=act(ana, now=now, key=key), wanted=wanted
    )

    assert (first.replayed, again.replayed, nothing) == (False, True, "")
    assert token
    assert ShareLink.objects.count() == 1


def test_opening_is_told_once_for_a_reader_and_counted(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now, max_uses=2)
    sharing.open_link(token=f" {token}\n", address=HERE, now=now)
    sharing.open_link(token=token, address=HERE, now=now, opened={link.handle})
    sharing.open_link(token=token, address=HERE, now=now)
    with pytest.raises(NoSuchLink):
        sharing.open_link(token=token, address=HERE, now=now)

    link.refresh_from_db()
    run.refresh_from_db()
    state = queries.run_for(ana, run.pk, action=Action.VIEW).state
    assert (link.uses, link.last_used) == (2, now)
    assert state.team.links[link.actor_id].opened == 2
    assert Event.objects.filter(type="link.opened").count() == 2
    queries.verify_run(run)


def test_of_many_who_come_at_once_a_one_use_link_lets_in_one(
    committed_db: None, ana: User, now: datetime
) -> None:
    run = make_run(ana, now)
    link, token = make_link(run, ana, now, max_uses=1)

    def come() -> str:
        try:
            sharing.open_link(token=token, address=HERE, now=now)
        except NoSuchLink:
            return "refused"
        return "in"

    answers = at_once([come] * 6)

    link.refresh_from_db()
    assert sorted(map(str, answers)) == ["in", *["refused"] * 5]
    assert (link.uses, Event.objects.filter(type="link.opened").count()) == (1, 1)


Ending = Callable[[ShareLink, User, datetime], datetime]


def revoked(link: ShareLink, ana: User, now: datetime) -> datetime:
    sharing.revoke_link(run_id=link.run_id, act=act(ana, now=now), link=link.handle)
    return now


def expired(link: ShareLink, ana: User, now: datetime) -> datetime:
    return link.expires


def disabled(link: ShareLink, ana: User, now: datetime) -> datetime:
    User.objects.filter(pk=link.creator_id).update(is_active=False)
    return now


def demoted(link: ShareLink, ana: User, now: datetime) -> datetime:
    people.give_role(
        run_id=link.run_id,
        act=act(ana, now=now),
        member=link.creator.actor_id,
        role=Role.REVIEWER,
    )
    return now


def removed(link: ShareLink, ana: User, now: datetime) -> datetime:
    people.remove_member(run_id=link.run_id, act=act(ana, now=now), member=link.creator.actor_id)
    return now


ENDINGS = [revoked, expired, disabled, demoted, removed]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_sl_03_a_link_dies_with_its_day_its_word_and_its_maker(
    run: Run, ana: User, ben: User, now: datetime, end: Ending
) -> None:
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    link, token = make_link(run, ben, now)
    shared = sharing.link_for(link.handle, now=now)

    later = end(link, ana, now)

    with pytest.raises(NoSuchLink):
        sharing.link_for(link.handle, now=later)
    with pytest.raises(NoSuchLink):
        sharing.open_link(token=token, address=HERE, now=later)
    with pytest.raises(NoSuchLink):
        sharing.ask_question(shared=shared, now=later, about=1, text="Still there?")
    assert not Event.objects.filter(actor_kind="link").exists()


def test_a_reader_asks_under_the_links_name_and_only_with_that_scope(
    run: Run, ana: User, now: datetime
) -> None:
    link, _ = make_link(run, ana, now, scope=LinkScope.COMMENT, label="Support")
    reading, _ = make_link(run, ana, now)

    sharing.ask_question(
        shared=sharing.link_for(link.handle, now=now), now=now, about=1, text="Why?"
    )
    with pytest.raises(NoSuchLink):
        sharing.ask_question(
            shared=sharing.link_for(reading.handle, now=now), now=now, about=1, text="Why?"
        )

    run.refresh_from_db()
    newest = queries.timeline_page(run, size=1)[0]
    assert (newest.type, newest.actor, newest.name) == (
        "question.asked",
        link.actor_id,
        "Share link: Support",
    )
    assert Event.objects.get(seq=newest.seq).actor_kind == "link"


def test_a_reader_cannot_fill_the_record_with_questions(run: Run, ana: User, now: datetime) -> None:
    link, _ = make_link(run, ana, now, scope=LinkScope.COMMENT)
    shared = sharing.link_for(link.handle, now=now)
    for number in range(20):
        sharing.ask_question(shared=shared, now=now, about=1, text=f"Question {number}?")

    with pytest.raises(TransitionRefused, match="Wait for an answer"):
        sharing.ask_question(shared=shared, now=now, about=1, text="One more?")


def test_nobody_asks_on_a_closed_run(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.CLOSED, ana, now)
    link, _ = make_link(run, ana, now, scope=LinkScope.COMMENT)

    with pytest.raises(TransitionRefused, match="closed"):
        sharing.ask_question(
            shared=sharing.link_for(link.handle, now=now), now=now, about=1, text="Why?"
        )


# --- SL-06 ------------------------------------------------------------------------------------


def guess(address: str, now: datetime, *, times: int = 1) -> list[str]:
    answers = []
    for _ in range(times):
        try:
            sharing.open_link(token=sharing.new_token(), address=address, now=now)
        except (NoSuchLink, TooManyWrongCodes) as refusal:
            answers.append(type(refusal).__name__)
    return answers


def test_sl_06_guessing_is_throttled_after_twenty_and_told(
    run: Run, ana: User, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    _, token = make_link(run, ana, now)

    with caplog.at_level(logging.WARNING, "runbook.services.sharing"):
        answers = guess(HERE, now, times=1000)

    assert (answers.count("NoSuchLink"), answers.count("TooManyWrongCodes")) == (20, 980)
    assert answers[:20] == ["NoSuchLink"] * 20
    assert caplog.messages == ["Share links: 20 wrong codes within a minute from one address."]
    with pytest.raises(TooManyWrongCodes):  # no answer tells a right code from a wrong one
        sharing.open_link(token=token, address=HERE, now=now)
    assert sharing.open_link(token=token, address=THERE, now=now)  # others go on
    assert guess(HERE, now + 1.02 * MINUTE) == ["NoSuchLink"]
    assert sharing.open_link(token=token, address=HERE, now=now + 1.02 * MINUTE)


def test_the_minute_slides(run: Run, now: datetime) -> None:
    guess(HERE, now, times=10)
    guess(HERE, now + MINUTE / 2, times=10)

    assert guess(HERE, now + MINUTE * 0.9) == ["TooManyWrongCodes"]
    later = guess(HERE, now + MINUTE * 1.1, times=11)
    assert (later.count("NoSuchLink"), later[-1]) == (10, "TooManyWrongCodes")


def test_sl_06_many_addresses_together_are_throttled_and_valid_readers_are_not(
    run: Run, ana: User, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    _, token = make_link(run, ana, now)
    addresses = [f"203.0.113.{number}" for number in range(20)]

    with caplog.at_level(logging.WARNING, "runbook.services.sharing"):
        first = [answer for each in addresses for answer in guess(each, now, times=10)]
        then = [answer for each in addresses for answer in guess(each, now, times=10)]

    assert first == ["NoSuchLink"] * 200
    assert then == ["TooManyWrongCodes"] * 200
    assert caplog.messages == ["Share links: 200 wrong codes within a minute from all addresses."]
    assert sharing.open_link(token=token, address=THERE, now=now)
    assert guess(THERE, now, times=2) == ["NoSuchLink", "TooManyWrongCodes"]


def test_one_network_of_ipv6_counts_as_one(run: Run, now: datetime) -> None:
    answers = [answer for number in range(30) for answer in guess(f"2001:db8:1:2::{number:x}", now)]

    assert answers.count("NoSuchLink") == 20
    assert guess("2001:db8:1:3::1", now) == ["NoSuchLink"]
    assert guess("not an address", now) == ["NoSuchLink"]


def test_many_at_once_pass_no_more_than_the_limit(committed_db: None, now: datetime) -> None:
    answers = at_once([lambda: guess(HERE, now, times=5)[:]] * 8)

    assert not any(isinstance(each, Exception) for each in answers), answers
    told = [word for each in answers if isinstance(each, list) for word in each]
    assert told.count("NoSuchLink") == 20
    assert told.count("TooManyWrongCodes") == 20


def test_a_dead_link_counts_as_a_wrong_code(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now)
    for _ in range(20):
        with pytest.raises(NoSuchLink):
            sharing.open_link(token=token, address=HERE, now=link.expires)

    with pytest.raises(TooManyWrongCodes):
        sharing.open_link(token=token, address=HERE, now=link.expires)
