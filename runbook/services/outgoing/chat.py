"""Chat services, spoken to by apprise, which reaches the network through our door only.

Three things hold it: only the plugins of this table are ever loaded, each of them gets our door in
the place of `requests`, and while one runs any other way to a socket is shut (`fence`).
"""

import functools
import importlib
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import requests
from apprise import AppriseAsset
from apprise.common import NotifyFormat, NotifyType, OverflowMode
from django.conf import settings

from runbook.services.outgoing import fence, guard, https
from runbook.services.outgoing.guard import Refused, Trip
from runbook.services.outgoing.message import SENT, Message, Sent, failed, refused

# These two write addresses into their warnings, and the address of a chat room is its key.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)
logger = logging.getLogger(__name__)

INCOMPLETE = "The chat service's address is incomplete or misspelt."


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An apprise plugin and the settings in its addresses that are let through.

    Others could read local files (`template`), switch certificates off (`verify`), make us wait
    (`retry`, `wait`) or have files fetched (`attach`).
    """

    module: str
    name: str
    settings: frozenset[str]


def _service(module: str, name: str, allowed: str) -> Service:
    return Service(module=module, name=name, settings=frozenset(allowed.split()))


_TEAMS = "api-version ver sp sv sig signature id workflow pa powerautomate route routeid wrap image"
SERVICES = {
    "workflows": _service("workflows", "NotifyWorkflows", _TEAMS),  # Microsoft Teams
    "workflow": _service("workflows", "NotifyWorkflows", _TEAMS),
    "slack": _service("slack", "NotifySlack", "to token mode footer timestamp image blocks"),
    "discord": _service("discord", "NotifyDiscord", "thread tts footer avatar fields image"),
    "gchat": _service("google_chat", "NotifyGoogleChat", "key token workspace thread threadkey"),
    "wxteams": _service("webexteams", "NotifyWebexTeams", "mode to token"),
    "webex": _service("webexteams", "NotifyWebexTeams", "mode to token"),
    "mmosts": _service("mattermost", "NotifyMattermost", "channel channels to team mode image"),
    "rockets": _service("rocketchat", "NotifyRocketChat", "avatar mode to webhook"),
    "matrixs": _service("matrix.base", "NotifyMatrix", "to token mode msgtype version v image"),
    "zulip": _service("zulip", "NotifyZulip", "to token"),
    "tgram": _service("telegram", "NotifyTelegram", "to silent preview thread topic image"),
    "pover": _service("pushover", "NotifyPushover", "to priority sound expire interval"),
    "ntfys": _service("ntfy", "NotifyNtfy", "to token auth mode priority tags xtags image"),
}

UNKNOWN = (
    "This is no address of a chat service that we know. Paste the https address that Teams, Slack,"
    " Discord, Google Chat, Webex or Mattermost gave you, or use an Apprise address: "
    + ", ".join(SERVICES)
    + "."
)

_trip: ContextVar[Trip | None] = ContextVar("outgoing_trip", default=None)


def _request(method: str, url: str, **wishes: Any) -> requests.Response:
    """What plugins call instead of requests.post and the like; files are never sent."""
    trip = _trip.get()
    if trip is None or wishes.get("files"):
        raise Refused(fence.PAST_THE_GUARD)
    kept = {
        name: wishes[name]
        for name in ("params", "data", "json", "headers", "auth", "cookies")
        if name in wishes
    }
    with https.Door(trip) as door:
        return door.request(method, url, **kept)


#: Stands in for the module `requests` inside the plugins. What it lacks, no plugin can use.
_STAND_IN = SimpleNamespace(
    request=_request,
    get=functools.partial(_request, "GET"),
    post=functools.partial(_request, "POST"),
    put=functools.partial(_request, "PUT"),
    delete=functools.partial(_request, "DELETE"),
    codes=requests.codes,
    exceptions=requests.exceptions,
    RequestException=requests.RequestException,
    TooManyRedirects=requests.TooManyRedirects,
)


def check_address(url: str) -> str | None:
    """What is wrong with an address, as a sentence for the form; it is not connected to."""
    try:
        plugin = _plugin(url)
    except Refused as refusal:
        return str(refusal)
    limits = guard.limits()
    host, port = getattr(plugin, "host", None), getattr(plugin, "port", None)
    if port and port not in limits.ports:
        return guard.wrong_port(limits)
    # Services at a fixed address keep a part of the key where others keep their host.
    return guard.fault_of_host(host, limits.allowed) if host and _is_dotted(host) else None


def send(address: str, message: Message, *, trip: Trip | None = None) -> Sent:
    """Sends one message to a chat room; a room cannot tell repeats, so it may show one twice."""
    trip = trip or Trip()
    token = _trip.set(trip)
    try:
        plugin = _plugin(address)
        with fence.only_through_https():
            sent = SENT if _notify(plugin, message) else _why_not(trip)
            # Some plugins sign off when they go, which is a request like any other.
            del plugin
    except Refused as refusal:
        return refused(str(refusal))
    except Exception as error:
        # A plugin stumbles over an answer as it likes, and the answer may be hostile.
        logger.warning("A chat plugin failed with %s.", type(error).__name__)
        return failed("The chat service answered something unexpected.", may_retry=False)
    finally:
        _trip.reset(token)
    return sent


def _notify(plugin: Any, message: Message) -> Any:
    return plugin.notify(
        title=plain(message.headline),
        body=f"{plain(message.body)}\n\n{message.url}",
        notify_type=NotifyType.INFO,
        body_format=NotifyFormat.TEXT,
        overflow=OverflowMode.TRUNCATE,
    )


def _why_not(trip: Trip) -> Sent:
    """A plugin says no more than no; the requests that it made tell the rest.

    The last of them may be a sign-off that went well, so each counts.
    """
    ends = [https.end_of(status) for status in trip.statuses]
    if trip.trouble:
        ends.append(https.end_of_trouble(trip, trip.trouble))
    bad = [end for end in ends if end != SENT]
    bad.append(failed("The chat service did not take it.", may_retry=False))
    return next((end for end in bad if end.may_retry), bad[0])


def plain(text: str) -> str:
    """The text without what chat services read as a mention, a command or a hidden link."""
    text = text.replace("<", "‹").replace(">", "›").replace("](", "] (")
    return text.replace("@", "@\u200b")


def _plugin(url: str) -> Any:
    """The plugin for an address, ready to send and without any wish of its own about safety."""
    if len(url) > guard.LONGEST or not url.isprintable() or any(c.isspace() for c in url):
        raise Refused("The address contains blanks or control characters, or is too long.")
    service, parsed = _read(url)
    if not parsed:
        raise Refused(INCOMPLETE)
    for name in parsed.get("qsd", {}):
        if name not in service.settings:
            raise Refused(f"Leave the setting {name[:40]} out of the address.")
    return _made(service, parsed)


def _read(url: str) -> tuple[Service, dict[str, Any] | None]:
    """The service of an address and what its plugin reads in it."""
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    try:
        if scheme == "https":
            return _native(url)
        if service := SERVICES.get(scheme):
            # A room's # would begin the part of an address that is never sent.
            return service, _class_of(service).parse_url(url.replace("/#", "/%23"))
    except (TypeError, ValueError, LookupError, AttributeError):
        raise Refused(INCOMPLETE) from None
    raise Refused(UNKNOWN)


def _native(url: str) -> tuple[Service, dict[str, Any]]:
    """The service whose own kind of https address this is."""
    for service in SERVICES.values():
        parse = getattr(_class_of(service), "parse_native_url", None)
        if parse and (parsed := parse(url)):
            return service, parsed
    raise Refused(UNKNOWN)


def _made(service: Service, parsed: dict[str, Any]) -> Any:
    parsed = parsed | {"asset": _asset(), "verify": True, "redirect": False, "format": "text"}
    try:
        plugin = _class_of(service)(**parsed)
    except Exception:  # plugins refuse an address with what comes to hand
        raise Refused(INCOMPLETE) from None
    # Else a receiver could make us sleep for as long as it says.
    plugin.throttle = lambda *_, **__: None
    return plugin


@functools.cache
def _class_of(service: Service) -> Any:
    """The plugin's class, its module's `requests` replaced by our door."""
    module = importlib.import_module(f"apprise.plugins.{service.module}")
    vars(module)["requests"] = _STAND_IN
    return getattr(module, service.name)


def _asset() -> AppriseAsset:
    """No pictures from elsewhere, which would tell a stranger who reads; nothing kept on disk."""
    return AppriseAsset(
        app_id="Upgrade Runbook",
        app_desc="Upgrade Runbook",
        app_url=settings.SITE_URL,
        image_url_mask="",
        image_url_logo="",
        storage_mode="memory",
        async_mode=False,
    )


def _is_dotted(host: str) -> bool:
    return "." in host or ":" in host
