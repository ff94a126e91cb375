"""The doctor: looks at an installation and says in plain words what is wrong and what to do.

It reads and changes nothing. One check that fails does not keep the others from being made.
"""

from collections.abc import Iterator
from datetime import datetime

from runbook.services.doctor import database, machine, mailing, proofs, records, site
from runbook.services.doctor.finding import Check, Finding, Level, Visit, bad
from runbook.services.doctor.mailing import send_test_mail

__all__ = ["Finding", "Level", "examine", "send_test_mail"]

_ORDER = list(Level)


def examine(*, now: datetime, deep: bool = False) -> list[Finding]:
    """Everything the doctor sees, what is bad first; about a second unless `deep`."""
    visit = Visit(now=now, deep=deep)
    found = list(_of_the_database(visit))
    for check in (*site.CHECKS, *mailing.CHECKS, *machine.CHECKS):
        found += _made(check, visit)
    return sorted(found, key=lambda finding: _ORDER.index(finding.level))


def _of_the_database(visit: Visit) -> Iterator[Finding]:
    trouble = database.trouble()
    if trouble:
        yield bad(
            f"The database cannot be reached: {trouble}.",
            "Start PostgreSQL or correct DATABASE_URL; for SQLite start the product once with serve. "
            "Nothing in the database was looked at.",
        )
        return
    for check in database.CHECKS:
        yield from _made(check, visit)
    if database.is_up_to_date():  # else the tables may lack what the next checks read
        for check in (*records.CHECKS, *proofs.CHECKS):
            yield from _made(check, visit)


def _made(check: Check, visit: Visit) -> list[Finding]:
    try:
        return list(check(visit))
    except Exception as problem:
        name = check.__name__.strip("_").replace("_", " ")
        said = " ".join(str(problem).split())[:200]
        return [
            bad(
                f"The check “{name}” could not be made: {type(problem).__name__}: {said}.",
                "Mend what it names, then ask the doctor again.",
            )
        ]
