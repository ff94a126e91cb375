"""Chat services: which addresses are taken, what is sent, and what answers mean."""

import json
import logging
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

import pytest
import requests

from runbook.services.outgoing import chat
from runbook.services.outgoing.message import End, Message
from tests.services.outgoing.network import HOST, PUBLIC, Network, says

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
TEAMS = (
    "https://prod-00.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef"
    "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0"
    "&sig=abcdefghijklmnopqrstuvwxyz0123456789ABCDE"
)
NEW_TEAMS = (
    "https://default0123.45.environment.api.powerplatform.com:443/powerautomate/automations/direct"
    "/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke?api-version=1"
    "&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwxyz0123456789ABCDE"
)
DISCORD = "https://discord.com/api/webhooks/1234567890/abcdef-ghijkl"
TOKEN = "abcdefabcdefabcdefabcdef12"
MATRIX = f"matrixs://ana:word@{HOST}/#room"


@pytest.mark.parametrize(
    "address",
    [
        *(SLACK, TEAMS, NEW_TEAMS, DISCORD),
        "slack://T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX/#ops",
        "workflows://prod-00.westeurope.logic.azure.com/0123abcd/sigsigsig",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=kkk&token=ttt",
        "https://webexapis.com/v1/webhooks/incoming/" + "a" * 80,
        f"https://mattermost.example.org/hooks/{TOKEN}",
        f"mmosts://{HOST}/{TOKEN}",
        f"rockets://user:word@{HOST}/#room",
        MATRIX,
        "zulip://bot@org/abcdefghijklmnopqrstuvwxyz123456/",
        "tgram://123456789:abcdefg_hijklmnop/12345/",
        f"pover://{'u' * 30}@{'t' * 30}",
        "ntfys://topic",
        f"ntfys://{HOST}/topic",
    ],
)
def test_takes_the_addresses_of_chat_services(address: str) -> None:
    assert chat.check_address(address) is None


@pytest.mark.parametrize(
    "address",
    [
        *("file:///etc/passwd", "exec://ls", "syslog://", "dbus://", "windows://", "macosx://"),
        *("mailto://a:b@example.org", "mailtos://a:b@example.org", "json://x", "jsons://x"),
        *("xml://x", "form://x", "apprise://x/y", "gnome://", "rsyslog://x", "mqtt://x/y"),
        *("http://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", ""),
        *(f"mmost://{HOST}/{TOKEN}", f"ntfy://{HOST}/topic", "matrix://a:b@c.org/#d", "slack"),
        *("https://example.org/hook", f"rocket://user:word@{HOST}/#room", "unknown://x"),
    ],
)
def test_takes_no_other_kind_of_address(address: str, message: Message) -> None:
    assert chat.check_address(address) == chat.UNKNOWN
    assert chat.send(address, message).reason == chat.UNKNOWN


@pytest.mark.parametrize(
    ("address", "says_what"),
    [
        ("slack://", "incomplete"),
        ("discord://1/", "incomplete"),
        ("mmosts://", "incomplete"),
        ("ntfys://a/b?attach=http://10.0.0.1", "incomplete"),  # the plugin itself stumbles
        (f"mmosts://{HOST}:8065/{TOKEN}", "port 443 only"),
        (f"mmosts://10.0.0.5/{TOKEN}", "private or reserved"),
        ("workflows://169.254.169.254/0123abcd/sigsigsig", "never sent to"),
        (f"mmosts://{HOST}/{TOKEN} mmosts://{HOST}/{TOKEN}", "blanks"),
        (f"mmosts://{HOST}/{TOKEN}\r\nX: y", "control"),
        (f"mmosts://{HOST}/" + "a" * 2000, "too long"),
    ],
)
def test_names_the_fault_of_an_address(address: str, says_what: str) -> None:
    fault = chat.check_address(address)

    assert fault
    assert says_what in fault


@pytest.mark.parametrize(
    "setting",
    [
        *("template=/etc/passwd", "template=http://10.0.0.1/", "verify=no", "redirect=yes"),
        *("retry=9", "wait=60", "rto=9999", "cto=9999", "store=yes", "tz=x", "optional=yes"),
        *("format=html", "overflow=split", ":name=value", "%2Bheader=x", "-x=y", "emojis=yes"),
        *("Template=/etc/passwd", "VERIFY=no", "icon_url=http://x", "ping=here"),
    ],
)
def test_takes_no_setting_that_reaches_further(setting: str) -> None:
    for address in (
        "slack://T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX/",
        f"mmosts://{HOST}/{TOKEN}",
        "workflows://prod-00.westeurope.logic.azure.com/0123abcd/sigsigsig",
        "discord://1234567890/abcdef-ghijkl",
    ):
        fault = chat.check_address(f"{address}?{setting}")
        assert fault
        assert fault.startswith("Leave the setting")


def test_that_setting_would_send_a_local_file(
    network: Network, message: Message, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control for the one above: what `template` does when it is let through."""
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "of the server"}}]
    (tmp_path / "t.json").write_text(json.dumps({"blocks": blocks}))
    service = chat.SERVICES["slack"]
    wider = replace(service, settings=service.settings | {"template"})
    monkeypatch.setitem(chat.SERVICES, "slack", wider)
    address = "slack://T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX/?template="
    chat.send(f"{address}{tmp_path}/t.json", message)

    assert b"of the server" in network.requests[0]


@pytest.mark.parametrize(
    ("address", "host", "answer"),
    [
        (SLACK, "hooks.slack.com", b"ok"),
        (TEAMS, "prod-00.westeurope.logic.azure.com", b""),
        (DISCORD, "discord.com", b""),
        (f"mmosts://{HOST}/{TOKEN}", HOST, b"ok"),
        (f"ntfys://{HOST}/topic", HOST, b"{}"),
    ],
)
def test_sends_title_body_and_link(
    address: str, host: str, answer: bytes, network: Network, message: Message
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer)
    network.scripts = [says(head + answer)]

    assert chat.send(address, message).end == End.SENT
    assert (network.lookups, network.connects) == ([host], [PUBLIC])
    text = network.requests[0].decode()
    assert f"Host: {host}\r\n" in text
    for part in ("Contoso: the wait is over", "Attempt 2 may start.", message.url):
        assert part in text
    assert "github" not in text  # apprise's own pictures


def test_mentions_and_markup_stay_text(network: Network, message: Message) -> None:
    loud = replace(
        message, title="@everyone <!channel>", body="<at>Ben</at> [pay](https://evil.example) @here"
    )
    network.scripts = [says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    for address in (SLACK, TEAMS, DISCORD, f"mmosts://{HOST}/{TOKEN}"):
        assert chat.send(address, loud).end == End.SENT
    for request in network.requests:
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        text = unquote_plus(json.dumps(body, ensure_ascii=False))
        for part in ("@everyone", "<!channel>", "<at>", "](http", "@here", "mentioned"):
            assert part not in text


@pytest.mark.parametrize(
    ("status", "body", "may_retry", "reason"),
    [
        (404, b"no_team", False, "The receiver answered 404, so it does not want this."),
        (500, b"", True, "The receiver answered 500."),
        (429, b'{"retry_after": 99999999}', True, "The receiver answered 429."),
        (200, b"invalid_payload", False, "The chat service did not take it."),
    ],
)
def test_what_an_answer_means(
    *,
    status: int,
    body: bytes,
    may_retry: bool,
    reason: str,
    network: Network,
    message: Message,
) -> None:
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    network.scripts = [says(head + body)]
    sent = chat.send(SLACK, message)

    assert (sent.end, sent.may_retry, sent.reason) == (End.FAILED, may_retry, reason)


@pytest.mark.parametrize(
    ("answers", "may_retry", "reason"),
    [
        ([b"503 X", b"200 X"], True, "The receiver answered 503."),
        ([b"200 X", b"503 X", b"200 X"], True, "The receiver answered 503."),
        ([b"200 X", b"404 X", b"200 X"], False, "The receiver answered 404, so it does not"),
        ([b""], True, "The receiver could not be reached."),
        ([b"200 X", b""], True, "The receiver could not be reached."),
        ([b"200 X"], False, "The chat service did not take it."),
    ],
)
def test_one_bad_answer_of_several_counts(
    *,
    answers: list[bytes],
    may_retry: bool,
    reason: str,
    network: Network,
    message: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def several(*_: Any) -> bool:
        for _answer in answers:
            with suppress(requests.RequestException):
                chat._request("GET", f"https://{HOST}/")
        return False

    monkeypatch.setattr(chat, "_notify", several)
    network.scripts = [
        says(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n" if answer else b"")
        for answer in answers
    ]
    sent = chat.send(SLACK, message)

    assert (sent.end, sent.may_retry) == (End.FAILED, may_retry)
    assert sent.reason.startswith(reason)


def test_a_receiver_cannot_make_us_sleep(
    network: Network, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    body = b'{"retry_after_ms": 1000000000, "errcode": "M_LIMIT_EXCEEDED"}'
    head = b"HTTP/1.1 429 X\r\nContent-Length: %d\r\n\r\n" % len(body)
    network.scripts = [says(head + body)]
    sent = chat.send(MATRIX, message)

    assert (sent.end, sent.may_retry, naps) == (End.FAILED, True, [])
    # The control: the same plugin with the throttle that it came with.
    made = chat._plugin
    monkeypatch.setattr(chat, "_plugin", lambda url: unpatched(made(url)))
    chat.send(MATRIX, message)
    assert max(naps) >= 1_000_000


def unpatched(plugin: Any) -> Any:
    del plugin.throttle
    return plugin


@pytest.mark.parametrize("answer", [b"[]", b"null", b'"x"', b'{"retry_after_ms": "x"}', b"\xff"])
@pytest.mark.parametrize("status", [200, 429])
def test_no_answer_is_an_accident(
    answer: bytes, status: int, network: Network, message: Message
) -> None:
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(answer))
    network.scripts = [says(head + answer)]

    assert chat.send(MATRIX, message).end == End.FAILED


def test_a_plugin_that_stumbles_is_a_failure_and_its_words_are_not_logged(
    message: Message, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: Any) -> None:
        raise KeyError(SLACK)

    monkeypatch.setattr(chat, "_notify", stumble)
    sent = chat.send(SLACK, message)

    assert (sent.end, sent.may_retry) == (End.FAILED, False)
    assert [record.getMessage() for record in caplog.records] == [
        "A chat plugin failed with KeyError."
    ]
    assert SLACK not in caplog.text


def test_logs_hold_no_address(
    network: Network, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        network.scripts = [says(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")]
        chat.send(SLACK, message)
        chat.check_address("slack://T00000000/B00000000/secretsecret")

    assert caplog.text == ""
