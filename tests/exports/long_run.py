"""A run with everything in it: four attempts, waits, service health, calls for help, all scripts."""

from datetime import timedelta

from runbook.domain import events as ev
from runbook.domain.vocabulary import CheckResult, ImportOption, Method
from tests.exports.records import LEAD, OPERATOR, START, Told, failed_run

SCRIPTS = {
    "latin": "Ürün güncellemesi: naïve façade, ß, œ",
    "cyrillic": "Привет, мир: обновление",
    "greek": "Καλημέρα κόσμε",
    "chinese": "你好，世界。升级失败",
    "japanese": "こんにちは、アップグレード",
    "korean": "안녕하세요 업그레이드",
    "arabic": "مرحبا بالعالم",
    "hebrew": "שלום עולם",
    "hindi": "नमस्ते दुनिया",
    "emoji": "🚀 🔧 ok",
}


def long_run() -> list[Told]:
    return [
        *failed_run(),
        (31, ev.EscalationDrafted(rules=("unknown-error",)), OPERATOR),
        (
            32,
            ev.RetryScheduled(
                number=2, due=START + timedelta(minutes=92), family="busy", reason="Sixty minutes"
            ),
            OPERATOR,
        ),
        (95, _check(CheckResult.PASSED), OPERATOR),
        (100, _started(2), OPERATOR),
        (109, ev.AttemptUnknown(number=2, reason="The browser was lost"), OPERATOR),
        (112, ev.NoteAdded(text=" / ".join(SCRIPTS.values())), LEAD),
        (120, ev.EscalationSent(recipient="workshop", ticket="T-4711"), LEAD),
        (700, _check(CheckResult.FAILED, note="Incident PP123456 is open"), OPERATOR),
        (720, _started(3), OPERATOR),
        (729, ev.AttemptCancelled(number=3, reason="The wrong file"), OPERATOR),
        (735, _started(4), OPERATOR),
        (750, ev.AttemptSucceeded(number=4), OPERATOR),
        (
            760,
            ev.WaitStarted(
                step="look", due=START + timedelta(minutes=2200), reason="The nightly run"
            ),
            LEAD,
        ),
        (2210, ev.WaitEnded(step="look"), LEAD),
        (2220, ev.RunClosed(partial=False, reason="All green"), LEAD),
    ]


def many_events(count: int) -> list[Told]:
    """A run of this length; what is added are notes, one a minute."""
    begun = failed_run()
    notes = (
        (31 + number, ev.NoteAdded(text=f"Note {number}: looked again, 注意, Привет"), LEAD)
        for number in range(count - len(begun))
    )
    return [*begun, *notes]


def _started(number: int) -> ev.AttemptStarted:
    return ev.AttemptStarted(
        number=number,
        method=Method.CLI,
        option=ImportOption.UPGRADE,
        file_name="KettleCore_4_50_6_managed.zip",
    )


def _check(result: CheckResult, *, note: str = "") -> ev.CheckRecorded:
    return ev.CheckRecorded(step="look", check="health", result=result, note=note)
