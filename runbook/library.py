"""Reads the pack folders once, validates them and hands out frozen `domain.pack` values.

A pack is text that a domain expert edits: YAML 1.2 and a tab separated code table. Nothing in it is
code. What cannot be read, does not fit the schema or refers to something missing is refused with
one sentence that names the file, the place and the problem.
"""

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import rfc8785
from pydantic import ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.integrity import faults
from runbook.domain.pack import ErrorCode, Pack, Paths, Release
from runbook.domain.readiness import Readiness
from runbook.domain.sources import Source
from runbook.domain.steps import Runbook

FOLDER = Path(__file__).resolve().parent / "packs"

INHERITED = ("fallback_family", "unknown_outcome_family", "not_an_error_family")
"""Keys of pack.yaml that a pack takes from the one it extends when it does not state them."""

Raw = dict[str, Any]

_STRICT = ConfigDict(extra="forbid")
# A tuple around each type, since pydantic takes a configuration only from outside a dataclass.
_PACK = TypeAdapter(tuple[Pack], config=_STRICT)
_SCHEMAS: Mapping[str, TypeAdapter[Any]] = {
    "sources.yaml": TypeAdapter(tuple[tuple[Source, ...]], config=_STRICT),
    "runbook.yaml": TypeAdapter(tuple[Runbook], config=_STRICT),
    "readiness.yaml": TypeAdapter(tuple[Readiness], config=_STRICT),
    "paths.yaml": TypeAdapter(tuple[Paths], config=_STRICT),
    "releases.yaml": TypeAdapter(tuple[tuple[Release, ...]], config=_STRICT),
    "codes.tsv": TypeAdapter(tuple[tuple[ErrorCode, ...]], config=_STRICT),
    "family": TypeAdapter(tuple[ErrorFamily], config=_STRICT),
}


class PackInvalid(Exception):
    """A pack cannot be used. `sentence` names the file, the place and the problem."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _TextConstructor(SafeConstructor):
    """Leaves dates as the text that was written; a date in a pack may be a month or a year."""


_TextConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


@lru_cache(maxsize=1)
def packs() -> dict[str, Pack]:
    """The packs that come with the product, by slug; read once per process."""
    return load_packs()


def load_packs(root: Path = FOLDER) -> dict[str, Pack]:
    """All packs below a folder by slug, bases merged in; PackInvalid for the first problem found.

    A pack that extends another takes over its families, sources, codes and readiness table. A part
    of its own replaces the base's; a family of its own only needs to state what differs.
    A folder without a runbook only lends its parts to others and is not handed out.
    """
    folders = sorted(path.parent for path in root.glob("*/pack.yaml"))
    if not folders:
        raise PackInvalid(f"{root}: no folder with a pack.yaml stands here.")
    raw = {folder.name: _read_folder(folder) for folder in folders}
    return {slug: _pack(slug, raw) for slug, parts in raw.items() if "runbook" in parts}


def dump_pack(pack: Pack) -> str:
    """The pack as canonical JSON, digest included; equal packs give equal text."""
    return rfc8785.dumps(_PACK.dump_python((pack,), mode="json")[0]).decode()


def parse_pack(text: str) -> Pack:
    """The pack that `dump_pack` wrote, with the digest it had; PackInvalid if it is no such text."""
    try:
        return _PACK.validate_python((json.loads(text),))[0]
    except ValidationError as error:
        raise PackInvalid(_sentence("stored pack", error)) from error
    except json.JSONDecodeError as error:
        raise PackInvalid(f"stored pack: {error}.") from error


def digest_of(pack: Pack) -> str:
    """SHA-256 in hex over the canonical content; the digest field itself is left out."""
    return hashlib.sha256(definition_in(dump_pack(pack))).hexdigest()


def definition_in(body: str) -> bytes:
    """What the digest of a stored pack was computed over, whichever release stored it."""
    content = json.loads(body)
    del content["digest"]
    return rfc8785.dumps(content)


def body_of(definition: bytes) -> str:
    """A definition from outside as `dump_pack` would have stored it, its digest computed anew.

    PackInvalid if it is none that this release can read. Nothing in it is compiled or run here.
    """
    try:
        content = json.loads(definition)
        content["digest"] = hashlib.sha256(definition).hexdigest()
        body = rfc8785.dumps(content).decode()
    except (ValueError, TypeError, RecursionError) as error:
        raise PackInvalid("The definition cannot be read.") from error
    parse_pack(body)
    return body


def _pack(slug: str, raw: Mapping[str, Raw]) -> Pack:
    merged = _merged(slug, raw, seen=())
    merged["families"] = tuple(_family(*entry) for entry in merged["families"].values())
    merged["sources"] = tuple(merged["sources"].values())
    merged["codes"] = tuple(merged["codes"][key] for key in sorted(merged["codes"]))
    try:
        pack = _PACK.validate_python((merged,))[0]
    except ValidationError as error:
        raise PackInvalid(_sentence(f"{slug}/pack.yaml", error)) from error
    for fault in faults(pack):
        raise PackInvalid(f"{slug}/{fault.sentence}.")
    return replace(pack, digest=digest_of(pack))


def _merged(slug: str, raw: Mapping[str, Raw], *, seen: tuple[str, ...]) -> Raw:
    own = dict(raw[slug])
    base_slug = own.get("extends")
    if not base_slug:
        return own
    if base_slug not in raw or base_slug in (*seen, slug):
        raise PackInvalid(f"{slug}/pack.yaml, extends: the pack {base_slug!r} cannot be extended.")
    base = _merged(base_slug, raw, seen=(*seen, slug))
    for part in ("sources", "codes"):
        own[part] = {**base[part], **own[part]}
    own["families"] = {
        name: _family_over(base["families"].get(name), own["families"].get(name))
        for name in {**base["families"], **own["families"]}
    }
    for key in ("readiness", *INHERITED):
        if key in base:
            own.setdefault(key, base[key])
    return own


def _read_folder(folder: Path) -> Raw:
    about = _yaml(folder / "pack.yaml")
    if not isinstance(about, dict) or about.get("slug") != folder.name:
        raise PackInvalid(f"{folder.name}/pack.yaml, slug: must equal the folder's name.")
    parts: Raw = {}
    for part in ("runbook", "readiness", "paths", "releases"):
        if (folder / f"{part}.yaml").exists():
            parts[part] = _validated(folder / f"{part}.yaml")
    return {
        **about,
        **parts,
        "sources": {source.slug: source for source in _optional(folder / "sources.yaml")},
        "codes": {code.hex: code for code in _codes(folder / "codes.tsv")},
        "families": {
            path.stem: (_name(path), _family_text(path))
            for path in sorted(folder.glob("families/*.yaml"))
        },
    }


def _optional(path: Path) -> tuple[Any, ...]:
    return _validated(path) if path.exists() else ()


def _family_text(path: Path) -> Raw:
    content = _yaml(path)
    slug = content.get("slug") if isinstance(content, dict) else None
    if slug != path.stem:
        raise PackInvalid(f"{_name(path)}, slug: {slug!r} is not the name of the file.")
    return dict(content)


def _family_over(base: tuple[str, Raw] | None, own: tuple[str, Raw] | None) -> tuple[str, Raw]:
    """A family of the pack's own, with what it does not state taken from the base."""
    name, content = own or base or ("", {})
    return name, {**(base[1] if base else {}), **content}


def _family(name: str, content: Raw) -> ErrorFamily:
    family: ErrorFamily = _fitting(name, content, schema="family")
    return family


def _validated(path: Path) -> Any:
    content = _yaml(path)
    if path.name in {"releases.yaml", "sources.yaml"} and isinstance(content, dict):
        content = content.get(path.stem, ())
    return _fitting(_name(path), content, schema=path.name)


def _fitting(name: str, content: object, *, schema: str) -> Any:
    try:
        return _SCHEMAS[schema].validate_python((content,))[0]
    except ValidationError as error:
        raise PackInvalid(_sentence(name, error)) from error


def _yaml(path: Path) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _TextConstructor
    try:
        return reader.load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise PackInvalid(
            f"{_name(path)}: cannot be read: {' '.join(str(error).split())}."
        ) from error


def _codes(path: Path) -> tuple[ErrorCode, ...]:
    if not path.exists():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    codes: tuple[ErrorCode, ...] = _fitting(_name(path), rows, schema="codes.tsv")
    return codes


def _name(path: Path) -> str:
    folder = path.parent if path.parent.name != "families" else path.parent.parent
    return path.relative_to(folder.parent).as_posix()


def _sentence(file: str, error: ValidationError) -> str:
    """The first problem that is not one of many shapes tried in turn, as one sentence."""
    problems = error.errors(include_url=False)
    plain = [problem for problem in problems if not _tried_shapes(problem["loc"])]
    problem = (plain or problems)[0]
    if plain:
        place = ".".join(str(part) for part in problem["loc"][1:]) or "content"
        return f"{file}, {place}: {problem['msg'].rstrip('.').lower()}."
    outside = takewhile(lambda part: not _is_shape(part), problem["loc"][1:])
    place = ".".join(str(part) for part in outside)
    return f"{file}, {place}: fits none of the shapes that a condition can have."


def _tried_shapes(place: tuple[int | str, ...]) -> bool:
    return any(_is_shape(part) for part in place)


def _is_shape(part: int | str) -> bool:
    return isinstance(part, str) and part[:1].isupper()
