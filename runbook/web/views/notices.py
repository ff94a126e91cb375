"""Notices: the person's own page, wishes and channels, a team's channels, calendars, the queue."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from runbook import queries
from runbook.domain.errors import ForbiddenAction
from runbook.domain.tasks import tasks_for
from runbook.domain.vocabulary import Action
from runbook.models import Channel, Team, User
from runbook.services import calendars, channels, inbox, outbox
from runbook.services.outgoing.message import End
from runbook.web.carry_out import open_run
from runbook.web.forms.notices import ChannelForm, WishesForm
from runbook.web.htmx import HtmxRequest
from runbook.web.seen import before_this_visit

_CALENDAR = "text/calendar; charset=utf-8"
_YEAR = 365 * 24 * 3600


@login_required
@require_GET
def notices(request: HtmxRequest) -> HttpResponse:
    """What the person was told in the last weeks, newest first, and what waits for them."""
    now, user = timezone.now(), request.user
    told = inbox.told_to(user)
    seen = before_this_visit(request, version=max((each.pk for each in told), default=0), now=now)
    tasks = [
        (run, task)
        for run in queries.runs_of(user)
        for task in tasks_for(user.actor_id, run.role, state=run.state, pack=run.pack)
    ]
    context = {"told": told, "mark": seen.mark, "tasks": tasks, "zone": user.time_zone}
    response = render(request, "notices/index.html", context)
    response.set_cookie(
        "seen",
        f"{seen.mark}-{seen.left}-{seen.latest}-{seen.at}",
        max_age=_YEAR,
        path=request.path,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_wishes(request: HtmxRequest) -> HttpResponse:
    """Mail, quiet hours, digest; and below them channels, calendar and this browser."""
    data = request.POST if request.method == "POST" else None
    form = WishesForm(data, wishes=channels.wishes_of(request.user))
    if form.is_valid():
        channels.keep_wishes(request.user, **form.cleaned_data, now=timezone.now())
        messages.success(request, "Kept. Notices that wait already follow it.")
        return redirect("notice-wishes")
    return _wishes_page(request, form=form, status=422 if form.is_bound else 200)


def _wishes_page(request: HtmxRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    wishes = channels.wishes_of(request.user)
    context = {
        "form": WishesForm(wishes=wishes),
        "channel_form": ChannelForm(),
        "channels": _shown(request.user),
        "has_feed": bool(wishes.feed_digest),
        **more,
    }
    return render(request, "notices/wishes.html", context, status=status)


def _shown(owner: User | Team) -> list[tuple[Channel, str]]:
    return [(each, channels.masked(each)) for each in channels.channels_of(owner)]


@login_required
@require_POST
def add_channel(request: HtmxRequest) -> HttpResponse:
    form, secret = _added(request, request.user)
    if form.errors:
        return _wishes_page(request, channel_form=form, status=422)
    if secret:
        return _wishes_page(request, secret=secret)
    return redirect("notice-wishes")


def _added(request: HtmxRequest, owner: User | Team) -> tuple[ChannelForm, str]:
    """The form with what is wrong in it, or a new channel and its secret."""
    form, secret = ChannelForm(request.POST), ""
    if form.is_valid():
        try:
            _, secret = channels.add_channel(owner, **form.cleaned_data, now=timezone.now())
        except channels.ChannelRefused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, "The channel is kept. Send it a test message.")
    return form, secret


def _channel(request: HtmxRequest, pk: int) -> Channel:
    found = channels.channel_for(request.user, pk)
    if found is None:
        raise Http404
    return found


def _back(channel: Channel) -> HttpResponse:
    if channel.team is None:
        return redirect("notice-wishes")
    return redirect("team-channels", channel.team.handle)


@login_required
@require_POST
def test_channel(request: HtmxRequest, channel: int) -> HttpResponse:
    """Sends a message now; the person waits for the outcome, ten seconds at most."""
    found = _channel(request, channel)
    end = channels.send_test(found, by=request.user, now=timezone.now())
    tell = messages.success if end.end is End.SENT else messages.error
    tell(request, f"{found.label}: {channels.outcome_in_words(end)}")
    return _back(found)


@login_required
@require_POST
def remove_channel(request: HtmxRequest, channel: int) -> HttpResponse:
    found = _channel(request, channel)
    channels.remove_channel(found, now=timezone.now())
    messages.success(request, f"{found.label} is removed, and its address forgotten.")
    return _back(found)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team_channels(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """Where the whole team is told; for its owners."""
    team = get_object_or_404(Team, handle=handle)
    seat = channels.seat_in(request.user, team)
    if seat is None:
        raise Http404
    if not seat.is_owner:
        sentence = "Only an owner of the team sees and changes its channels."
        raise ForbiddenAction(sentence)
    form, secret = ChannelForm(), ""
    if request.method == "POST":
        form, secret = _added(request, team)
        if not form.errors and not secret:
            return redirect("team-channels", handle)
    context = {"team": team, "channels": _shown(team), "channel_form": form, "secret": secret}
    return render(request, "notices/team.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def renew_feed(request: HtmxRequest) -> HttpResponse:
    """Makes the address of the person's calendar and shows it, once."""
    token = channels.new_feed_token(request.user)
    address = f"{settings.SITE_URL}{reverse('calendar-feed', args=[token])}"
    return _wishes_page(request, feed_address=address)


@login_required
@require_POST
def end_feed(request: HtmxRequest) -> HttpResponse:
    channels.end_feed(request.user)
    messages.success(request, "The calendar address no longer works.")
    return redirect("notice-wishes")


@login_required
@require_GET
def run_calendar(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """The waits and windows of a run as a file."""
    run = open_run(request, run_id, action=Action.VIEW)
    response = HttpResponse(calendars.run_file(run), content_type=_CALENDAR)
    response.headers["Content-Disposition"] = 'attachment; filename="run.ics"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """All runs of the person who holds the token. Unknown, revoked and closed look the same."""
    reader = channels.reader_of_feed(token) if request.method in {"GET", "HEAD"} else None
    if reader is None:
        response = render(request, "404.html", status=404)
        # The path holds the token, perhaps with one letter too many; it belongs in no log.
        response._has_been_logged = True  # type: ignore[attr-defined]
    else:
        response = HttpResponse(calendars.feed(reader), content_type=_CALENDAR)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_required
@require_GET
def owner_deliveries(request: HtmxRequest) -> HttpResponse:
    """What waits or was given up; for the owners of the installation, without words of any run."""
    _for_owners(request.user)
    return render(request, "notices/deliveries.html", {"rows": inbox.stuck()})


def _for_owners(user: User) -> None:
    if not user.is_staff:
        raise Http404


@login_required
@require_POST
def try_delivery(request: HtmxRequest, delivery: int) -> HttpResponse:
    _for_owners(request.user)
    if outbox.try_again(delivery, now=timezone.now()):
        messages.success(request, "It is due now and goes out within seconds.")
    else:
        messages.info(request, "It is not in the queue any more.")
    return redirect("owner-deliveries")


@login_required
@require_POST
def drop_delivery(request: HtmxRequest, delivery: int) -> HttpResponse:
    _for_owners(request.user)
    if outbox.give_up(delivery):
        messages.success(request, "Dropped. Nobody gets it.")
    else:
        messages.info(request, "It is not in the queue any more.")
    return redirect("owner-deliveries")
