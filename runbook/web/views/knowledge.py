"""What the packs know, open to read without a run: families, codes, sources, lifecycle."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runbook import library
from runbook.domain.diagnosis.codes import codes_in, normal_code
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.pack import ErrorCode, Pack, Recipient
from runbook.domain.presenting import question_of
from runbook.domain.sources import Source
from runbook.web.htmx import HtmxRequest

LONGEST_QUESTION = 4000
MOST_CODES = 25


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
@login_required
def index(request: HtmxRequest) -> HttpResponse:
    """All packs and families, or those that fit what is asked for."""
    asked = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
    shelves = [_shelf(pack) for pack in library.packs().values()]
    if asked:
        question = _question(asked)
        shelves = [_found(shelf, question) for shelf in shelves]
    context = {
        "shelves": shelves,
        "asked": asked,
        "hits": sum(len(shelf.families) + len(shelf.codes) for shelf in shelves),
    }
    return render(request, "knowledge/index.html", context)


@require_safe
@login_required
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
@login_required
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
        "codes": [(code, known.get(code)) for code in chosen.codes],
        "aged": _aged(found.sources, today=timezone.now().date()),
    }
    return render(request, "knowledge/family.html", context)


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
    text = f"{family.slug} {family.title} {family.summary}".casefold()
    return bool(question.words) and all(word in text for word in question.words)


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
