"""Feeds XML to the expat parser in bounded memory and refuses what only an attack needs.

No document type, no entities of its own, nothing fetched, no encoding but the plain ones; depth,
attributes, elements and the size of one tag are limited. A file that is cut off or damaged still
gives what stood before the break, with a note.
"""

from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.diagnosis.surfaces.limits import (
    ATTRIBUTES,
    BYTES_OF_AN_ELEMENT,
    DEPTH,
    ELEMENTS,
    FEW_ELEMENTS,
    NODE,
)

CUT_OFF = "The file is cut off; what was there is read."
DAMAGED = "The file is damaged; what stood before the damage is read."
HOSTILE = "This XML holds a document type or entities, which no log has; it is not read."
TOO_DEEP = f"This XML is nested deeper than {DEPTH} levels, which no log is; it is not read."
TOO_MANY = "This XML has more elements than a log; hand in the log alone."
TOO_WIDE = f"An element of this XML has more than {ATTRIBUTES} attributes; it is not read."
TOO_LONG = "One tag of this XML is longer than 1 MiB, which no log has; it is not read."
STRANGE_ENCODING = "The XML is in an encoding that is not read here; save it as UTF-8."

_CHUNK = 64 * 1024
_ENCODINGS = {"", "utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "windows-1252"}
_BROKEN_OFF = {
    expat.errors.codes[getattr(expat.errors, name)]
    for name in (
        "XML_ERROR_NO_ELEMENTS",
        "XML_ERROR_UNCLOSED_TOKEN",
        "XML_ERROR_PARTIAL_CHAR",
        "XML_ERROR_UNCLOSED_CDATA_SECTION",
    )
}
_AFTER_THE_END = expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]


def check_element(depth: int, attributes: list[str]) -> None:
    """Refuses an element that is too deep or too wide; called by handlers that saw one."""
    if depth > DEPTH:
        raise Unreadable(TOO_DEEP)
    if len(attributes) > 2 * ATTRIBUTES:
        raise Unreadable(TOO_WIDE)


def feed(
    data: bytes,
    *,
    start: Callable[[str, list[str]], None],
    end: Callable[[str], None],
    characters: Callable[[str], None] | None = None,
    is_utf8: bool,
    elements: int = ELEMENTS,
    bytes_of_an_element: int = BYTES_OF_AN_ELEMENT,
) -> str:
    """Parses and returns a note about a broken end, or nothing.

    Attributes come as a flat list of names and values. Raises Unreadable on what is refused. Work is
    linear: a tag that does not end within the limit is refused before it is read again.
    """
    parser = _parser(is_utf8)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    if characters is not None:
        parser.CharacterDataHandler = characters
    _check_density(data, bytes_of_an_element)
    view = memoryview(data)
    tags = 0
    try:
        for place in range(0, len(data), _CHUNK):
            chunk = bytes(view[place : place + _CHUNK])
            tags += chunk.count(b"<") - chunk.count(b"</")
            if tags > elements:
                raise Unreadable(TOO_MANY)
            parser.Parse(chunk, False)
            if place + len(chunk) - parser.CurrentByteIndex > NODE:
                raise Unreadable(TOO_LONG)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if error.code == _AFTER_THE_END:
            return ""
        return CUT_OFF if error.code in _BROKEN_OFF else DAMAGED
    return ""


def _check_density(data: bytes, bytes_of_an_element: int) -> None:
    """Refuses what is made of tags and nothing else, at the price of counting them."""
    tags = data.count(b"<") - data.count(b"</")
    if tags > FEW_ELEMENTS and tags * bytes_of_an_element > len(data):
        raise Unreadable(TOO_MANY)


def _parser(is_utf8: bool) -> expat.XMLParserType:
    parser = expat.ParserCreate("utf-8") if is_utf8 else expat.ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.buffer_size = _CHUNK
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.XmlDeclHandler = _check_declaration
    return parser


def _refuse(*_: object) -> NoReturn:
    raise Unreadable(HOSTILE)


def _check_declaration(version: str, encoding: str | None, standalone: int) -> None:
    if (encoding or "").lower() not in _ENCODINGS:
        raise Unreadable(STRANGE_ENCODING)
