"""An upload that is slow, or breaks off, costs nobody else anything and leaves nothing (IN-14)."""

import asyncio
import errno
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from a2wsgi import WSGIMiddleware
from django.urls import reverse

from runbook import asgi
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, StoredFile, User
from runbook.services import files, objects
from runbook.web import whole_bodies
from runbook.web.upload_limit import LARGEST
from runbook.web.whole_bodies import Message, Patience, Receive, Room, Send, WholeBodies
from runbook.wsgi import application as site
from tests.factories import make_run_at
from tests.readers import cookie_of
from tests.web.builders import by_hand

SECRET = "abcdefghijklmnopqrstuvwxyz012345"
LOG = b"20:14:05 import failed with BadGateway\n" * 20_000
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"


def post(length: int, **more: Any) -> Message:
    headers = [(b"host", b"localhost"), (b"content-length", str(length).encode())]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "root_path": "",
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        **more,
        "headers": headers + more.get("headers", []),
    }


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


def coming(*messages: Message) -> Receive:
    """What the server hands on, one after the other; after that it waits for ever."""
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        return await asyncio.get_running_loop().create_future()

    return receive


class Pages:
    """Pages that remember what was sent to them."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})


def answer(app: Any, scope: Message, *messages: Message) -> int:
    """The status of the answer, 0 if there is none."""
    told: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    asyncio.run(app(scope, coming(*messages), send))
    return told[0] if told else 0


@pytest.mark.parametrize("size", [1, 1000, 256 * 1024, 256 * 1024 + 1, 3 * MIB])
def test_what_was_sent_is_handed_on_byte_for_byte(size: int) -> None:
    pages, body = Pages(), bytes(range(251)) * (size // 251 + 1)
    body = body[:size]
    parts = [body[at : at + 65_536] for at in range(0, size, 65_536)]

    sent = [piece(part, more=at < len(parts) - 1) for at, part in enumerate(parts)]
    assert answer(WholeBodies(pages), post(size), *sent) == 200

    assert pages.bodies == [body]


def test_fifty_slow_uploads_keep_no_page_from_being_answered() -> None:
    pages = Pages()
    app = WholeBodies(pages)

    async def scene() -> None:
        async def send(message: Message) -> None: ...

        slow = [asyncio.create_task(app(post(MIB), coming(piece(b"a")), send)) for _ in range(50)]
        await asyncio.sleep(0)
        await app(post(0), coming(piece(b"", more=False)), send)
        for task in slow:
            assert not task.done()
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(scene())
    assert pages.bodies == [b""], "only the quick one was asked for"


def test_without_it_the_pages_wait_with_each_of_them() -> None:
    """The control: asked at once, the pages hold a thread for every one; there are four."""
    asked: list[Message] = []

    async def pages(scope: Message, receive: Receive, send: Send) -> None:
        asked.append(scope)
        await receive()
        await receive()

    async def scene() -> None:
        async def send(message: Message) -> None: ...

        slow = [asyncio.create_task(pages(post(MIB), coming(piece(b"a")), send)) for _ in range(50)]
        await asyncio.sleep(0)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(scene())
    assert len(asked) == 50
    assert isinstance(asgi.pages, WholeBodies)


def test_who_sends_too_slowly_is_told_so() -> None:
    pages = Pages()
    app = WholeBodies(pages, Patience(seconds=0))

    assert answer(app, post(MIB), piece(b"a")) == 408
    assert pages.bodies == []


def waited_until(app: WholeBodies, *came: tuple[float, int]) -> list[float]:
    """Until when each next piece is waited for, of pieces that come at these times with these sizes."""
    limits: list[float] = []

    def limit(when: float) -> Any:
        limits.append(when)
        return nullcontext()

    size = sum(each for _, each in came)
    pieces = [piece(b"a" * each, more=at < len(came)) for at, (_, each) in enumerate(came, start=1)]
    with (
        patch.object(whole_bodies, "_clock", side_effect=[0.0, *(when for when, _ in came)]),
        patch.object(asyncio, "timeout_at", limit),
    ):
        assert answer(app, post(size), *pieces) == 200
    return limits


def test_who_keeps_sending_is_waited_for() -> None:
    """Each byte buys time, so that a large file on an honest line comes through."""
    app = WholeBodies(Pages(), Patience(seconds=30.0, bytes_per_second=10))

    assert waited_until(app, (29.0, 20), (31.0, 50), (36.0, 1)) == [30.0, 32.0, 37.0]


def test_who_sent_most_of_a_file_at_once_cannot_hold_its_room_for_hours() -> None:
    app = WholeBodies(Pages(), Patience(seconds=30.0, bytes_per_second=10))

    assert waited_until(app, (1.0, 100_000), (2.0, 1)) == [30.0, 31.0]


def for_files(*, all_: int, each: int) -> Patience:
    return Patience(small=0, for_large=Room(all=all_, each=each))


def test_all_of_them_together_fill_no_disk() -> None:
    app = WholeBodies(Pages(), for_files(all_=1000, each=1000))

    assert answer(app, post(2000), piece(b"a" * 1001)) == 503
    assert answer(app, post(2000), piece(b"a" * 1000, more=False)) == 200, "the room is free again"


async def on_their_way(app: WholeBodies, *held: tuple[Message, int]) -> list[asyncio.Task[None]]:
    """Requests of which so many bytes came, and no more."""

    async def send(message: Message) -> None: ...

    tasks = [
        asyncio.create_task(app(scope, coming(piece(b"a" * size)), send)) for scope, size in held
    ]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def answered_beside(app: WholeBodies, *held: tuple[Message, int], then: Message, size: int) -> int:
    """The status of one more request, which comes whole, while the others are on their way."""
    told: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    async def scene() -> None:
        tasks = await on_their_way(app, *held)
        await app(then, coming(piece(b"a" * size, more=False)), send)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scene())
    return told[0]


def of(address: str, length: int = 5000) -> Message:
    return {**post(length), "client": (address, 50000)}


def test_what_came_at_the_same_time_is_counted_together() -> None:
    """Both were waited for before either came."""
    app = WholeBodies(Pages(), for_files(all_=1000, each=1000))
    held = [(of("192.0.2.1"), 400), (of("192.0.2.2"), 400)]

    assert answered_beside(app, *held, then=of("192.0.2.3"), size=201) == 503
    assert answered_beside(app, *held, then=of("192.0.2.3"), size=200) == 200


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("192.0.2.1", "192.0.2.1", 503),
        ("192.0.2.1", "192.0.2.2", 200),
        ("2001:db8::1", "2001:db8::ffff:2", 503),  # one sender owns the whole network
        ("2001:db8::1", "2001:db8:0:1::1", 200),
    ],
)
def test_one_address_cannot_take_all_the_room(first: str, second: str, status: int) -> None:
    app = WholeBodies(Pages(), for_files(all_=1000, each=500))

    assert answered_beside(app, (of(first), 400), then=of(second), size=200) == status


def test_who_fills_the_room_with_files_keeps_nobody_from_signing_in() -> None:
    patience = Patience(
        small=1000, for_small=Room(all=300, each=300), for_large=Room(all=500, each=500)
    )
    app, held = WholeBodies(Pages(), patience), (of("192.0.2.1"), 500)

    assert answered_beside(app, held, then=of("192.0.2.1"), size=1) == 503
    assert answered_beside(app, held, then=of("192.0.2.1", 300), size=300) == 200
    assert answered_beside(app, held, then=of("192.0.2.1", 301), size=301) == 503, "not for nothing"


def test_a_full_disk_is_said_and_nothing_recorded(caplog: pytest.LogCaptureFixture) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    pages = Pages()
    app = WholeBodies(pages, Patience(for_small=Room(all=300_000, each=300_000)))
    with patch.object(whole_bodies, "TemporaryFile", side_effect=full):
        for _ in range(2):
            assert answer(app, post(MIB), piece(b"a" * 300_000)) == 503
    assert answer(app, post(MIB), piece(b"a" * 300_001)) == 503, "nothing was given back twice"

    assert pages.bodies == []
    assert "could not be taken in" in caplog.text


@pytest.mark.parametrize("length", [0, LARGEST + 1])
def test_what_nobody_reads_is_handed_on_at_once(length: int) -> None:
    """Nothing, and what the product refuses by its announced length before it reads a byte."""
    asked: list[Receive] = []

    async def pages(scope: Message, receive: Receive, send: Send) -> None:
        asked.append(receive)

    receive = coming(GONE)

    async def send(message: Message) -> None: ...

    asyncio.run(WholeBodies(pages)(post(length), receive, send))
    assert asked == [receive]


# --- through the whole product -------------------------------------------------------------------


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    """A run whose import keeps a log."""
    return make_run_at(RunStage.PREPARING, ana, now)


@pytest.fixture
def upload(run: Run, ana: User) -> tuple[Message, bytes]:
    """A file for the keeper's log, as a browser sends it. The file comes last."""
    fields = {"csrfmiddlewaretoken": SECRET, **by_hand(run, {"slot-log": "See the log."})}
    text = "".join(
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    file = '--X\r\nContent-Disposition: form-data; name="file-log"; filename="a.log"\r\n'
    body = f"{text}{file}Content-Type: text/plain\r\n\r\n".encode() + LOG + b"\r\n--X--\r\n"
    cookie = f"{cookie_of(ana)}; csrf={SECRET}"
    headers = [
        (b"cookie", cookie.encode()),
        (b"content-type", b"multipart/form-data; boundary=X"),
    ]
    path = reverse("work-on-step", args=[run.pk, "import"])
    return post(len(body), path=path, headers=headers), body


def halves(body: bytes, *, end: Message) -> Iterator[Message]:
    """What comes of an upload before its end, past the size from which it lies on the disk."""
    for at in range(0, len(body) // 2, 65_536):
        yield piece(body[at : at + 65_536])
    yield end


def left_behind() -> list[Path]:
    return [path for path in objects.root().rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_whole_upload_is_kept(run: Run, upload: tuple[Message, bytes]) -> None:
    scope, body = upload

    assert (
        answer(asgi.pages, scope, piece(body[:300_000]), piece(body[300_000:], more=False)) == 302
    )

    run.refresh_from_db()
    row = StoredFile.objects.get(run=run)
    assert (row.name, row.size_received) == ("a.log", len(LOG))
    assert [path.name for path in left_behind()] == [row.sha256_stored]


def test_an_aborted_upload_leaves_no_file_and_no_row(
    run: Run, upload: tuple[Message, bytes]
) -> None:
    scope, body = upload
    before = run.version

    assert answer(asgi.pages, scope, *halves(body, end=GONE)) == 0

    run.refresh_from_db()
    assert (run.version, StoredFile.objects.count()) == (before, 0)
    assert left_behind() == []
    files.tidy(datetime.now(UTC) + timedelta(minutes=10))
    assert left_behind() == []


def test_without_it_half_an_upload_is_recorded(run: Run, upload: tuple[Message, bytes]) -> None:
    """The control: the server tells of the abort, and Django takes it for the end of the form."""
    scope, body = upload
    before = run.version
    bare = cast(Any, WSGIMiddleware(cast(Any, site), workers=1))

    assert answer(bare, scope, *halves(body, end=GONE)) == 302

    run.refresh_from_db()
    assert run.version == before + 1, "the words, and not the file that they came with"
    assert not StoredFile.objects.exists()
