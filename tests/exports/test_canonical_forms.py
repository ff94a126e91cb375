"""One canonical form in the product, in the verifier and in a third writing of it (TL-08).

DOCUMENTS=10000 compares so many; without it the number of the hypothesis profile.
"""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.domain import chain, heads
from runbook.exports import FORMATS
from runbook.exports.verifier import verify
from tests.exports.records import handout

DOCUMENTS = int(os.environ.get("DOCUMENTS", "0")) or settings().max_examples
LARGEST = 2**53 - 1
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | WORDS
DOCUMENTS_OF = st.dictionaries(
    WORDS,
    st.recursive(
        LEAVES,
        lambda inside: st.lists(inside, max_size=4) | st.dictionaries(WORDS, inside, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)
SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def third(value: Any) -> str:
    """RFC 8785 written down once more, from its text and for these types alone."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(escaped(letter) for letter in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(third, value)) + "]"
    pairs = sorted(value.items(), key=lambda pair: list(units(pair[0])))
    return "{" + ",".join(f"{third(name)}:{third(each)}" for name, each in pairs) + "}"


def escaped(letter: str) -> str:
    number = ord(letter)
    return SHORT.get(number) or (f"\\u{number:04x}" if number < 32 else letter)


def units(text: str) -> list[int]:
    """The UTF-16 code units by which names are ordered."""
    found: list[int] = []
    for letter in text:
        number = ord(letter)
        if number < 0x10000:
            found.append(number)
        else:
            found += [0xD800 + (number - 0x10000 >> 10), 0xDC00 + (number - 0x10000 & 0x3FF)]
    return found


@settings(max_examples=DOCUMENTS)
@given(DOCUMENTS_OF)
def test_all_three_write_the_same(document: dict[str, Any]) -> None:
    text = chain.canonical(document)

    assert verify.canonical(json.dumps(document)) == text == third(document)
    assert verify.read(text.encode(), "it") == heads.read(text) == document


@settings(max_examples=DOCUMENTS)
@given(DOCUMENTS_OF, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_another_writing_of_the_same_is_refused(
    document: dict[str, Any], indent: Any, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    if text == chain.canonical(document):
        return

    with pytest.raises(verify.Refusal):
        verify.read(text.encode("utf-8", "surrogatepass"), "it")
    with pytest.raises(ValueError, match=r"."):
        heads.read(text)


REFUSED = [
    '{"a":9007199254740992}',
    '{"a":-9007199254740992}',
    '{"a":1' + "0" * 400 + "}",
    '{"a":1.5}',
    '{"a":1.0}',
    '{"a":1e3}',
    '{"a":-0}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":"\\ud800"}',
    '{"\\udfff":1}',
    '{"a":1,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '{"b":1,"a":2}',
    '{"a":1} ',
    '\ufeff{"a":1}',
    '{"a":"\\u0041"}',
    '{"a":"/\\/"}',
    '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
    "",
    "{",
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:24])
def test_what_has_no_canonical_form_is_refused_by_both_readers(text: str) -> None:
    with pytest.raises(verify.Refusal):
        verify.read(text.encode("utf-8", "surrogatepass"), "it")
    with pytest.raises(ValueError, match=r"."):
        heads.read(text)


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), "\ud800", {"\udfff": 1}])
def test_the_product_writes_no_such_thing(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.canonical({"a": value})


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(verify.Refusal):
        verify.read(b'{"a":"\xff"}', "it")


def test_node_writes_the_same_where_it_is_there() -> None:
    """JSON.stringify is what the RFC stands on."""
    node = shutil.which("node")
    if node is None:
        return
    document = {
        "\ufb33": '\u20ac$\x0f\nA\'B"\\"/',
        "\U0001f600": [1, -5, None, True],
        "a": {"b": ""},
    }
    program = (
        "const o=v=>Array.isArray(v)?v.map(o):v&&typeof v=='object'?"
        "Object.fromEntries(Object.keys(v).sort().map(k=>[k,o(v[k])])):v;"
        "process.stdout.write(JSON.stringify(o(JSON.parse(process.argv[1]))))"
    )
    done = subprocess.run(
        [node, "-e", program, json.dumps(document)], capture_output=True, text=True, check=True
    )

    assert done.stdout == chain.canonical(document)


def test_order_by_letters_instead_of_code_units_would_be_noticed() -> None:
    """The control: beyond the first plane the two orders differ."""
    document = {"\ufb33": 1, "\U0001f600": 2}

    assert json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")) != (
        chain.canonical(document)
    )


ODD = [1, -1, True, None, 1.0, 1e300, 0.5, -0.0, LARGEST, "1.0", "\u2028\x7f\x1f", "🚀"]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("keys", [("b", "a"), ("\ue000", "😀"), ("é", "z")], ids="".join)
def test_an_event_is_canonical_whatever_somebody_wrote_into_the_database(
    value: Any, keys: tuple[str, str]
) -> None:
    """Python sorts and counts otherwise than RFC 8785 here, so the quick way is not taken."""
    data = dict.fromkeys(keys, value)
    body = json.dumps({"happened_at": "2026-11-22T00:00:00Z", "data": data})
    made = handout()
    link = replace(made.links[2], body=body)

    written = FORMATS["json"].render(replace(made, links=(*made.links[:2], link, *made.links[3:])))

    bundle = json.loads(written)
    assert bundle["events"][2]["data"] == data
    assert chain.canonical(bundle).encode() == written


def test_a_number_that_no_canonical_form_has_is_refused() -> None:
    made = handout()
    body = f'{{"happened_at":"2026-11-22T00:00:00Z","data":{{"n":{LARGEST + 1}}}}}'

    with pytest.raises(rfc8785.IntegerDomainError):
        FORMATS["json"].render(replace(made, links=(replace(made.links[0], body=body),)))


def test_without_events_and_without_lines_it_is_canonical_too() -> None:
    made = handout()
    for bare in (replace(made, links=()), replace(made, report=replace(made.report, lines=()))):
        written = FORMATS["json"].render(bare)
        assert chain.canonical(json.loads(written)).encode() == written
