"""Each mail is a copy of a head outside the house: what it says, and what the page says of it."""

from datetime import datetime, timedelta

from django.core import mail

from runbook import queries
from runbook.domain.chain import fingerprint
from runbook.domain.vocabulary import Action
from runbook.models import Anchor, Run, User
from runbook.services import reminders, verification
from tests.domain.wishes import wish
from tests.factories import act, carry_out
from tests.services.receivers import GONE, Outside


def told(run: Run, ana: User, now: datetime) -> queries.TimelineEntry:
    """A reminder goes out by mail; the entry that it is about."""
    carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
    reminders.tick(now + timedelta(minutes=30))
    return next(each for each in queries.all_entries(run) if each.type == "reminder.raised")


def test_a_mail_carries_the_fingerprint_and_is_kept_as_a_copy_outside(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    entry = told(run, ana, now)
    copies = Anchor.objects.filter(run=run)

    assert {copy.receiver for copy in copies} == {ana.actor_id, ben.actor_id}
    assert {(copy.how, copy.size, copy.head) for copy in copies} == {
        ("mail", entry.seq, entry.digest)
    }
    assert len(mail.outbox) == 2
    for letter in mail.outbox:
        assert f"Entry {entry.seq} of the record" in str(letter.body)
        assert fingerprint(entry.digest) in str(letter.body)


def test_the_page_names_who_got_it(run: Run, ana: User, ben: User, now: datetime) -> None:
    entry = told(run, ana, now)
    copy = verification.verification_of(Run.objects.get(pk=run.pk)).copy

    assert copy is not None
    assert (copy.size, copy.how) == (entry.seq, "mail to")
    assert copy.receiver in {str(ana), str(ben)}


def test_a_mail_that_did_not_go_out_is_no_copy(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    outside.ends = [GONE, GONE]
    told(run, ana, now)

    assert not Anchor.objects.filter(run=run).exists()


def test_a_record_that_was_changed_after_the_mail_is_found(
    run: Run, ana: User, now: datetime
) -> None:
    """The reader's mail names a head that the record no longer has."""
    told(run, ana, now)
    Anchor.objects.filter(run=run).update(head="0" * 64)
    said = verification.verification_of(Run.objects.get(pk=run.pk))

    assert "is not the one of which a copy left" in said.fault
