"""What the packs know, open to read without a run: families, codes, sources, lifecycle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from runbook import library, queries
from runbook.domain.diagnosis.codes import codes_in, normal_code
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.pack import ErrorCode, Pack, Recipient
from runbook.domain.presenting import question_of
from runbook.domain.sources import Source
from runbook.domain.vocabulary import Disposition
from runbook.models import Note
from runbook.services import knowledge
from runbook.web.htmx import HtmxRequest

LONGEST_QUESTION = 4000
LONGEST_NOTE = 20_000
MOST_CODES = 25


def readers_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open to everybody if the installation says so, else to people with an account."""
    guarded = login_required(view)

    @wraps(view)
    def open_or_guarded(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = view if settings.KNOWLEDGE_PUBLIC else guarded
        return chosen(request, *args, **kwargs)

    return open_or_guarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A pack with the families that it brings itself; those of its base stand on the base's shelf."""

    pack: Pack
    base: Pack | None
    families: tuple[ErrorFamily, ...]
    codes: tuple[ErrorCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody looks for: codes in their normal form, and words."""

    codes: frozenset[str]
    words: tuple[str, ...]


@require_safe
@readers_only
def index(request: HtmxRequest) -> HttpResponse:
    """All packs and families, or those that fit what is asked for."""
    asked = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
    wanted = request.GET.get("disposition", "")
    shelves = [_shelf(pack) for pack in library.packs().values()]
    if asked:
        question = _question(asked)
        shelves = [_found(shelf, question) for shelf in shelves]
    if wanted in set(Disposition):
        shelves = [_with_disposition(shelf, Disposition(wanted)) for shelf in shelves]
    context = {
        "shelves": shelves,
        "asked": asked,
        "wanted": wanted if wanted in set(Disposition) else "",
        "dispositions": [each for each in Disposition if each is not Disposition.NONE],
        "hits": sum(len(shelf.families) + len(shelf.codes) for shelf in shelves),
    }
    return render(request, "knowledge/index.html", context)


@require_safe
@readers_only
def pack_page(request: HtmxRequest, pack: str) -> HttpResponse:
    """Everything about one pack but its families."""
    found = _pack(pack)
    context = {
        "pack": found,
        "shelf": _shelf(found),
        "recipients": [(each, _labels(found, each)) for each in found.recipients],
        "aged": _aged(found.sources, today=timezone.now().date()),
    }
    return render(request, "knowledge/pack.html", context)


@require_safe
@readers_only
def family_page(request: HtmxRequest, *, pack: str, family: str) -> HttpResponse:
    """One kind of failure: what to do, what never to do, and who says so."""
    found = _pack(pack)
    try:
        chosen = found.family(family)
    except KeyError:
        raise Http404 from None
    known = {code.hex: code for code in found.codes}
    context = {
        "pack": found,
        "family": chosen,
        "notes": _notes(request, "family", chosen.slug),
        "codes": [(code, known.get(code)) for code in chosen.codes],
        "aged": _aged(found.sources, today=timezone.now().date()),
    }
    return render(request, "knowledge/family.html", context)


@require_safe
@readers_only
def code_table(request: HtmxRequest, pack: str) -> HttpResponse:
    """All codes of a pack, or those of one area."""
    found = _pack(pack)
    area = request.GET.get("area", "")
    areas = sorted({code.area for code in found.codes})
    codes = [code for code in found.codes if area not in areas or code.area == area]
    context = {"pack": found, "codes": codes, "area": area, "areas": areas}
    return render(request, "knowledge/codes.html", context)


@require_safe
@readers_only
def code_page(request: HtmxRequest, pack: str, code: str) -> HttpResponse:
    """One code in whatever spelling: its name, its age, and the families that meet it."""
    found = _pack(pack)
    normal = normal_code(code)
    if normal is None:
        raise Http404
    context = {
        "pack": found,
        "code": normal,
        "row": next((row for row in found.codes if row.hex == normal), None),
        "families": [family for family in found.families if normal in family.codes],
        "notes": _notes(request, "code", normal),
    }
    return render(request, "knowledge/code.html", context)


def _notes(request: HtmxRequest, about: str, subject: str) -> list[Note]:
    """Notes name tenants, so they are for people with an account only."""
    return queries.notes_on(about, [subject]) if request.user.is_authenticated else []


@login_required
@require_POST
def add_note(request: HtmxRequest) -> HttpResponse:
    """Adds a note to a family or a code, and goes back to its page."""
    about, subject = request.POST.get("about", ""), request.POST.get("subject", "")
    try:
        knowledge.add_note(
            author=request.user,
            about=about,
            subject=subject,
            text=request.POST.get("text", "")[:LONGEST_NOTE],
            now=timezone.now(),
        )
    except knowledge.NoteRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Kept: your note.")
    return redirect(_place(request.POST.get("pack", ""), about, subject))


@login_required
@require_POST
def withdraw_note(request: HtmxRequest, note: int) -> HttpResponse:
    """Takes one's own note off the pages."""
    try:
        knowledge.withdraw_note(author=request.user, note_id=note, now=timezone.now())
    except knowledge.NoteRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Withdrawn: your note.")
    about, subject = request.POST.get("about", ""), request.POST.get("subject", "")
    return redirect(_place(request.POST.get("pack", ""), about, subject))


def _place(pack: str, about: str, subject: str) -> str:
    """The page of a family or code; the index when the form named none."""
    found = library.packs().get(pack)
    if found and about == "code" and normal_code(subject):
        return reverse("knowledge-code", args=[pack, normal_code(subject)])
    if found and any(family.slug == subject for family in found.families):
        return reverse("knowledge-family", args=[pack, subject])
    return reverse("knowledge-index")


def _with_disposition(shelf: Shelf, wanted: Disposition) -> Shelf:
    kept = tuple(family for family in shelf.families if family.disposition is wanted)
    return replace(shelf, families=kept, codes=())


def _pack(slug: str) -> Pack:
    pack = library.packs().get(slug)
    if pack is None:
        raise Http404
    return pack


def _shelf(pack: Pack) -> Shelf:
    base = library.packs().get(pack.extends)
    inherited = set(base.families) if base else set()
    own = tuple(family for family in pack.families if family not in inherited)
    return Shelf(pack=pack, base=base, families=own)


def _question(asked: str) -> Question:
    spelled = (normal_code(word) for word in asked.split())
    codes = frozenset((*codes_in(asked), *(code for code in spelled if code)))
    words = () if codes else tuple(dict.fromkeys(asked.casefold().split()))
    return Question(codes=codes, words=words[:12])


def _found(shelf: Shelf, question: Question) -> Shelf:
    """The shelf with what fits; a code that stands on the base's shelf is not shown twice."""
    inherited = {code.hex for code in shelf.base.codes} if shelf.base else set()
    codes = [c for c in _codes(shelf.pack, question) if c.hex not in inherited]
    named = question.codes | {code.hex for code in codes}
    families = tuple(f for f in shelf.families if _fits(f, question) or named & set(f.codes))
    return Shelf(
        pack=shelf.pack, base=shelf.base, families=families, codes=tuple(codes[:MOST_CODES])
    )


def _codes(pack: Pack, question: Question) -> Iterator[ErrorCode]:
    for code in pack.codes:
        name = code.symbolic_name.casefold()
        if code.hex in question.codes or name in question.words:
            yield code


def _fits(family: ErrorFamily, question: Question) -> bool:
    """Whether each word stands somewhere in the advice, the signatures or the sample texts."""
    text = _searched(family.slug, family.revision, family)
    return bool(question.words) and all(word in text for word in question.words)


@lru_cache(maxsize=256)
def _searched(slug: str, revision: int, family: ErrorFamily) -> str:
    parts = [slug, family.title, family.summary, family.explanation, family.first_action]
    parts += [remedy.text for remedy in family.remedies]
    parts += [signature.fragment for signature in family.signatures]
    parts += [*family.samples, family.disposition.value]
    return " ".join(parts).casefold()


def _labels(pack: Pack, recipient: Recipient) -> tuple[str, ...]:
    """The facts that a recipient needs, as the runbook asks for them."""
    return tuple(_label(pack, slug) for slug in recipient.facts)


def _label(pack: Pack, slug: str) -> str:
    question = question_of(pack, slug)
    return question.label if question else slug.replace("_", " ").capitalize()


def _aged(sources: tuple[Source, ...], *, today: date) -> frozenset[str]:
    """Slugs of sources older than a year; dates are as exact as the source gave them."""
    limit = f"{today.year - 1}-{today:%m-%d}"
    return frozenset(
        source.slug for source in sources if source.date and source.date < limit[: len(source.date)]
    )
