"""Mail, the vault, the settings, and the one function that the outbox calls."""

import ipaddress
import smtplib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail as mailbox
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.locmem import EmailBackend

from runbook import settings as product
from runbook.models import Channel, Delivery
from runbook.services import outgoing
from runbook.services.outgoing import mail, vault, webhook
from runbook.services.outgoing.message import End, Message
from runbook.services.outgoing.vault import Unreadable
from tests.services.outgoing.network import HOST, URL, Network

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


# --- Mail ------------------------------------------------------------------------------------


def test_a_mail_is_plain_and_can_be_told_from_its_repeat(message: Message) -> None:
    for one in (message, message, replace(message, key="run-1:8:ana")):
        assert mail.send("ana@example.org", one).end == End.SENT
    first, repeat, other = (sent.message() for sent in mailbox.outbox)

    assert first["Subject"] == "Contoso: the wait is over"
    assert first.get_content_type() == "text/plain"
    assert first.get_payload() == f"Attempt 2 may start.\n\n{message.url}\n"
    assert first["Message-ID"] == repeat["Message-ID"] != other["Message-ID"]
    assert first["X-Entity-Ref-ID"] == repeat["X-Entity-Ref-ID"] != other["X-Entity-Ref-ID"]
    assert first["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\0"])
def test_a_title_cannot_add_headers(end: str, message: Message) -> None:
    mail.send("ana@example.org", replace(message, title=f"a{end}Bcc: eve@example.org", key=end))
    text = mailbox.outbox[0].message().as_string()

    assert "Subject: a Bcc: eve@example.org\n" in text
    assert "\nBcc" not in text
    assert mailbox.outbox[0].recipients() == ["ana@example.org"]


@pytest.mark.parametrize("address", ["", "x", "a@b\nBcc: c@d.org", "a@b.org, c@d.org", "a@b@c.org"])
def test_what_is_no_mail_address_gets_no_mail(address: str, message: Message) -> None:
    assert mail.send(address, message).end == End.REFUSED
    assert mailbox.outbox == []


@pytest.mark.parametrize(
    ("trouble", "may_retry"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (smtplib.SMTPServerDisconnected(), True),
        (smtplib.SMTPAuthenticationError(535, b"no"), True),
        (smtplib.SMTPRecipientsRefused({"ana@example.org": (450, b"later")}), True),
        (smtplib.SMTPRecipientsRefused({"ana@example.org": (550, b"nobody")}), False),
    ],
)
def test_a_mail_server_in_trouble(
    *, trouble: Exception, may_retry: bool, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> int:
        raise trouble

    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    sent = mail.send("ana@example.org", message)

    assert (sent.end, sent.may_retry) == (End.FAILED, may_retry)


# --- Vault -----------------------------------------------------------------------------------


def test_what_is_kept_does_not_show_and_comes_back() -> None:
    kept = vault.encrypt(SLACK)

    assert "slack" not in kept
    assert vault.encrypt(SLACK) != kept
    assert vault.decrypt(kept) == SLACK


def test_an_earlier_secret_key_still_reads(settings: Any) -> None:
    kept = vault.encrypt(SLACK)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    renewed = vault.renew(kept)
    assert vault.decrypt(kept) == SLACK

    settings.SECRET_KEY_FALLBACKS = []
    assert vault.decrypt(renewed) == SLACK
    with pytest.raises(Unreadable, match="Enter it again"):
        vault.decrypt(kept)


def test_a_key_file_encrypts_and_what_was_kept_before_still_reads(settings: Any) -> None:
    before = vault.encrypt(SLACK)
    settings.OUTGOING_KEYS = ["second", "first"]
    kept = vault.encrypt(SLACK)
    assert vault.decrypt(before) == SLACK

    settings.SECRET_KEY = "something else"
    assert vault.decrypt(kept) == SLACK
    settings.OUTGOING_KEYS = ["first"]
    with pytest.raises(Unreadable):
        vault.decrypt(kept)


def test_the_key_is_no_other_key_of_the_product(settings: Any) -> None:
    kept = vault.encrypt(SLACK)

    assert Fernet(vault._derived(settings.SECRET_KEY)).decrypt(kept) == SLACK.encode()
    assert settings.SECRET_KEY.encode() not in vault._derived(settings.SECRET_KEY)


@pytest.mark.parametrize("kept", ["", "x", SLACK, "gAAAAA==", "\u00e4\u20ac", "\ud800", "a" * 5000])
def test_what_cannot_be_read_gives_a_sentence(kept: str) -> None:
    with pytest.raises(Unreadable, match="cannot be read with the keys of this installation"):
        vault.decrypt(kept)


# --- The settings ----------------------------------------------------------------------------


def test_networks_are_read_and_a_wrong_one_stops_the_start() -> None:
    assert product.networks("10.20.0.0/16, fd00:1::/64") == [
        ipaddress.ip_network("10.20.0.0/16"),
        ipaddress.ip_network("fd00:1::/64"),
    ]
    assert product.networks("") == product.OUTGOING_ALLOW_CIDRS == []
    for wrong in ("10.20.0.1/16", "intranet", "10.0.0.0/40"):
        with pytest.raises(ImproperlyConfigured, match="OUTGOING_ALLOW_CIDRS"):
            product.networks(wrong)


def test_a_key_file_has_a_key_for_each_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("second\nfirst\n")
    assert product.outgoing_keys(str(tmp_path / "key")) == ["second", "first"]
    assert product.outgoing_keys("") == []

    monkeypatch.setattr(product, "HTTPS", True)
    with pytest.raises(ImproperlyConfigured, match="OUTGOING_KEY_FILE"):
        product.outgoing_keys(str(tmp_path / "absent"))


# --- One door --------------------------------------------------------------------------------


def channel(kind: str, address: str, secret: str = "") -> Channel:
    return Channel(
        kind=kind,
        address=vault.encrypt(address),
        secret=vault.encrypt(secret) if secret else "",
    )


def test_sends_by_mail_webhook_and_chat(network: Network, message: Message, now: datetime) -> None:
    secret = webhook.new_secret()
    receivers: list[Channel | str] = [
        "ana@example.org",
        channel(Channel.Kind.WEBHOOK, URL, secret),
        channel(Channel.Kind.CHAT, SLACK),
    ]
    ends = {outgoing.send(receiver, message, now=now).end for receiver in receivers}

    assert ends == {End.SENT}
    assert len(mailbox.outbox) == 1
    assert network.lookups == [HOST, "hooks.slack.com"]


@pytest.mark.parametrize("kind", Channel.Kind.values)
def test_an_address_that_cannot_be_read_is_a_refusal_and_no_accident(
    kind: str, network: Network, message: Message, now: datetime, settings: Any
) -> None:
    kept = channel(kind, URL, "secret")
    settings.SECRET_KEY = "lost"
    sent = outgoing.send(kept, message, now=now)

    assert (sent.end, sent.may_retry, network.lookups) == (End.REFUSED, False, [])
    assert "Enter it again" in sent.reason


def test_every_reason_fits_its_column(message: Message, now: datetime) -> None:
    longest = Delivery._meta.get_field("error").max_length or 0
    for kind, address in (("chat", "x"), ("chat", "slack://"), ("webhook", "http://x")):
        fault = outgoing.check_address(kind, address)
        assert fault
        assert len(fault) <= longest
        sent = outgoing.send(channel(kind, address, "s"), message, now=now)
        assert sent.reason == fault
