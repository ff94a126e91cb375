"""Packets: what somebody needs who is to help, looked at before it leaves, and that it was sent."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from runbook.domain.access import may
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Recipient, RecipientKind
from runbook.domain.packet import default_profile, packet_of, recipient_of
from runbook.domain.packet_preview import asked_in, counts, originals_of, pieces
from runbook.domain.redaction import Profile
from runbook.domain.retries import import_step
from runbook.domain.transitions import allows
from runbook.domain.vocabulary import Action
from runbook.exports.escaping import shown
from runbook.exports.packets import markdown, plain
from runbook.queries import OpenRun
from runbook.services import redaction, runs, steps
from runbook.services.timeline import Act
from runbook.web.carry_out import act_of, answered, open_run
from runbook.web.downloads import saved
from runbook.web.forms.packets import PROFILES, PacketFactsForm, SentForm
from runbook.web.htmx import HtmxRequest
from runbook.web.packet_page import gap_groups, missing_words, questions_step, sections_of
from runbook.web.redacting import keep_decisions, profile_of, report_of

_FILES = {"md": (markdown, "text/markdown"), "txt": (plain, "text/plain")}
Doing = Callable[[OpenRun, Recipient], HttpResponse]


@require_GET
@login_required
def packets(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """To whom the run can be handed, and how much each of them would still ask."""
    run = open_run(request, run_id, action=Action.VIEW)
    state, pack = run.state, run.pack
    rows = [
        (each, missing_words(state, pack, recipient=each), PROFILES[default_profile(each)][0])
        for each in pack.recipients
    ]
    rules = [rule for rule in pack.escalation_rules if rule.slug in state.escalation]
    forgets = (
        may(run.role, Action.ERASE_EVIDENCE) and redaction.kept_for(run.row).pseudonyms.numbers
    )
    context = {"run": run, "state": state, "rows": rows, "rules": rules, "forgets": forgets}
    return render(request, "packets/index.html", context)


@require_GET
@login_required
def packet(request: HtmxRequest, run_id: uuid.UUID, recipient: str) -> HttpResponse:
    """The packet as it will go out, and beside it what is missing and what is cut."""
    return _with(request, run_id, recipient, action=Action.VIEW, do=_shown(request))


@require_POST
@login_required
def record_packet_facts(request: HtmxRequest, run_id: uuid.UUID, recipient: str) -> HttpResponse:
    """Keeps what only the hand-over needs, as facts of the import."""

    def do(run: OpenRun, to: Recipient) -> HttpResponse:
        form = _facts_form(run, to, data=request.POST)
        if not form.is_valid():
            return _page(request, run, to, status=422, facts_form=form)

        def record() -> HttpResponse:
            steps.record_facts(
                run_id=run_id,
                act=act_of(request, form),
                step=import_step(run.pack),
                answers=form.handed().answers,
            )
            messages.success(request, "Recorded: what the packet was missing.")
            return _back(request, run, to)

        return answered(record, page=partial(_page, request, run, to, facts_form=form))

    return _with(request, run_id, recipient, action=Action.RECORD_FACTS, do=do)


@require_POST
@login_required
def decide_cuts(request: HtmxRequest, run_id: uuid.UUID, recipient: str) -> HttpResponse:
    """Keeps what a person says about things of which no rule is sure."""

    def do(run: OpenRun, to: Recipient) -> HttpResponse:
        keep_decisions(request, run, profile=_profile(request, to))
        messages.success(request, "Kept: what is cut and what stays.")
        return _back(request, run, to)

    return _with(request, run_id, recipient, action=Action.EXPORT, do=do)


@require_POST
@login_required
def packet_file(request: HtmxRequest, run_id: uuid.UUID, recipient: str) -> HttpResponse:
    """The packet as a file; the timeline says that it was handed out."""

    def do(run: OpenRun, to: Recipient) -> HttpResponse:
        ending = request.POST.get("file", "")
        if ending not in _FILES:
            return _page(request, run, to, status=422, refusal="Choose .md or .txt.")
        write, content_type = _FILES[ending]
        profile, now = _profile(request, to), timezone.now()
        made = redaction.handed_out(run_id, profile, report=report_of(request, run))
        runs.record_export(
            run_id=run_id,
            act=Act(actor=request.user.actor_id, now=now),
            export_format=f"packet for {to.slug}, cut for {profile.value}, .{ending}",
        )
        text = write(packet_of(made.report, to))
        name = f"packet-{to.slug}-{str(run_id)[:8]}-{now:%Y%m%d}.{ending}"
        return saved(text, name=name, content_type=f"{content_type}; charset=utf-8")

    return _with(request, run_id, recipient, action=Action.EXPORT, do=do)


@require_POST
@login_required
def send_packet(request: HtmxRequest, run_id: uuid.UUID, recipient: str) -> HttpResponse:
    """Keeps that the packet was sent, under which number and when."""

    def do(run: OpenRun, to: Recipient) -> HttpResponse:
        form = _sent_form(run, to, data=request.POST)
        if not form.is_valid():
            return _page(request, run, to, status=422, sent_form=form)

        def send() -> HttpResponse:
            _send(act_of(request, form), run, to, form.cleaned_data["ticket"])
            redaction.handed_out(run_id, _profile(request, to), report=report_of(request, run))
            messages.success(request, f"Recorded: sent to {to.title}.")
            return _back(request, run, to)

        return answered(send, page=partial(_page, request, run, to, sent_form=form))

    return _with(request, run_id, recipient, action=Action.SEND_ESCALATION, do=do)


@require_POST
@login_required
def forget_pseudonyms(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Erases which mark stands for what; the files that went out keep their marks."""
    open_run(request, run_id, action=Action.ERASE_EVIDENCE)
    redaction.forget(run_id)
    messages.success(request, "Erased: which mark stands for what.")
    return redirect("run-packets", run_id)


def _send(act: Act, run: OpenRun, to: Recipient, ticket: str) -> None:
    """An answer to somebody who asked hands nothing over, so it is a note."""
    if not to.available:
        raise TransitionRefused(to.text)
    if to.kind is RecipientKind.REQUESTER:
        told = f"Answered: {to.title}. {ticket}".strip()
        runs.add_note(run_id=run.row.pk, act=act, text=told)
    else:
        runs.send_escalation(run_id=run.row.pk, act=act, recipient=to.slug, ticket=ticket)


def _with(
    request: HtmxRequest, run_id: uuid.UUID, recipient: str, *, action: Action, do: Doing
) -> HttpResponse:
    """Fetches, authorises, and answers for a recipient that the pack knows."""
    run = open_run(request, run_id, action=action)
    try:
        to = recipient_of(run.pack, recipient)
    except KeyError:
        raise Http404 from None
    return answered(lambda: do(run, to), page=partial(_page, request, run, to))


def _shown(request: HtmxRequest) -> Doing:
    return lambda run, to: _page(request, run, to)


def _profile(request: HtmxRequest, to: Recipient) -> Profile:
    """The profile that was asked for, else the one for this recipient."""
    return profile_of(request, usual=default_profile(to))


def _back(request: HtmxRequest, run: OpenRun, to: Recipient) -> HttpResponse:
    address = reverse("run-packet", args=[run.row.pk, to.slug])
    profile = _profile(request, to)
    return redirect(address if profile is default_profile(to) else f"{address}?profile={profile}")


def _facts_form(run: OpenRun, to: Recipient, data: Any = None) -> PacketFactsForm:
    return PacketFactsForm(
        data,
        version=run.row.version,
        zone=run.state.time_zone,
        work=questions_step(run.pack, to),
        state=run.state,
    )


def _sent_form(run: OpenRun, to: Recipient, data: Any = None) -> SentForm:
    return SentForm(
        data,
        version=run.row.version,
        zone=run.state.time_zone,
        recipient=to,
        now=timezone.now(),
        initial={"ticket": run.state.ticket if run.state.escalated_to == to.slug else ""},
    )


def _able(run: OpenRun, action: Action) -> bool:
    return may(run.role, action) and allows(run.state.stage, action)


def _page(
    request: HtmxRequest, run: OpenRun, to: Recipient, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The packet for the profile as the row stood when the right was checked."""
    profile, kept = _profile(request, to), redaction.kept_for(run.row)
    made = redaction.redacted(report_of(request, run), profile, kept=kept)
    written = packet_of(made.report, to)
    originals = originals_of(made.pseudonyms)
    facts_form = _facts_form(run, to) if _able(run, Action.RECORD_FACTS) else None
    context = {
        "run": run,
        "state": run.state,
        "pack": run.pack,
        "recipient": to,
        "title": pieces(shown(written.title), originals),
        "sections": sections_of(written, originals),
        "missing": len(written.missing),
        "gap_groups": gap_groups(written, run.pack),
        "needed": len(written.facts),
        "profile": profile,
        "profiles": PROFILES,
        "default": default_profile(to),
        "counts": counts(written),
        "asked": asked_in(written, made.asked, pseudonyms=made.pseudonyms),
        "markdown": markdown(written),
        "plain": plain(written),
        "facts_form": facts_form if facts_form and facts_form.question_fields else None,
        "sent_form": _sent_form(run, to) if _able(run, Action.SEND_ESCALATION) else None,
        "may_export": may(run.role, Action.EXPORT),
        "answers": to.kind is RecipientKind.REQUESTER,
        "was_sent": run.state.escalated_to == to.slug,
        **extra,
    }
    return render(request, "packets/packet.html", context, status=status)
