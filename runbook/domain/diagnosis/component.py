"""Finds the component that a failure text names: its type, name and id, as far as they stand there.

Shapes of the platform's messages: `coe-upgrade.md` sections 2 and 8. Each shape names what it gives;
the first shape that matches decides.
"""

from runbook.domain.diagnosis.extract import GUID
from runbook.domain.diagnosis.family import Component
from runbook.domain.patterns import FirstOf, Match, Pattern

NAME_LIMIT = 200
NAMES_LIMIT = 50

_ID = r"\{?(?P<id>[^\s,;:(){}'\[\]|=]{1,100}|\[[^\]]{1,60}\]|<[^>]{1,60}>)\}?"
_IN_QUOTES = r"'(?P<name>[^']{1,200})'"

_SHAPES: tuple[tuple[str | None, str], ...] = (
    (
        None,
        rf"importing workflow (?:\{{?(?P<id>{GUID})\}}? )?type (?P<type>\w+) name "
        r"'?(?P<name>.{1,200}?)'?\s{0,3}[:.]\s{0,3}(?:flow (?:server|client)|one or more|a task|an? )",
    ),
    (
        None,
        rf"workflow uninstall: failure, workflow id \{{?(?P<id>{GUID})\}}? category (?P<type>\w+) "
        r"name '?(?P<name>.{1,200}?)'?(?:$|[.:] )",
    ),
    (None, rf"importing workflow \{{?(?P<id>{GUID})\}}?"),
    (None, rf"\bthe (?P<type>\w+) ?\(\{{?(?P<id>{GUID})\}}?\) component\b"),
    (None, r"dependent component (?P<type>\w+) \(id='?\$webresource:(?P<name>[^')]{1,200})"),
    (None, rf"dependent component (?P<type>\w+) \(id={_ID}"),
    (None, rf"overwrite the (?P<type>\w+|\[[^\]]{{1,60}}\]) component with id={_ID}"),
    (
        None,
        rf"dependentcomponentobject details: type: (?P<type>[^,]{{1,60}}), objectname: (?P<name>[^,]{{0,200}}), id: (?P<id>{GUID})",
    ),
    (
        None,
        rf"type: (?P<type>[^,]{{1,60}}), objectname: (?P<name>[^,]{{0,200}}), id: (?P<id>{GUID})",
    ),
    (None, rf"base layer for the component {_IN_QUOTES} with id '(?P<id>[^']{{1,100}})'"),
    (None, r"(?:\b(?P<type>\w+) import: failure: .{0,80}?)\bcomponent (?P<name>\S{1,200}) of type"),
    (None, r"component (?P<name>\S{1,200}) of type (?P<type>\w{1,40}) is not declared"),
    ("CustomControl", r"custom ?control with name (?P<name>\S{1,200}) "),
    ("PluginType", r"plug-?in ?type \[(?P<name>[^\]]{1,200})\]"),
    ("workflow action", r"workflow operation '(?P<name>[^']{1,200})'"),
    ("workflow", rf"workflow with id '\{{?(?P<id>{GUID})\}}?',? name '(?P<name>[^']{{1,200}})'"),
    ("workflow", rf"workflow (?:with )?(?:id )?'?\{{?(?P<id>{GUID})\}}?"),
    ("solution", r"holding solution '?(?P<name>\S.{0,198}?)'? (?:already )?exists"),
    ("Attribute", r"cannot delete attribute:? '?(?P<name>[\w.]{1,200})"),
    ("Attribute", r"the following attributes '?(?P<name>[\w.]{1,200})'? of entity"),
    ("Attribute", r"for column '?(?P<name>\w{1,200})"),
    ("EntityKey", r"an entity ?key (?P<name>\S{1,200}|\[[^\]]{1,60}\]) with the selected"),
    ("Entity", r"entity with a name = '(?P<name>[^']{1,200})'"),
    ("table", r"altering table '?(?P<name>\S{1,200}|\[[^\]]{1,60}\]) failed"),
    ("privilege", r"\b(?P<name>(?-i:prv[A-Z])\w{2,100})"),
    ("connector", r"restricts use of these apis: (?:\S{0,200}/)?(?P<name>\w{1,100})"),
    ("connection", r"with connection: '(?P<name>[^']{1,200})'"),
    ("connectionreference", r"logical name\(s\) '(?P<name>[^']{1,200})'"),
    ("solution", r"solution cannot be imported: (?P<name>\S{1,200})\. "),
    ("CustomControl property", r"property (?P<name>\w{1,100}) is (?:not declared|required)"),
    (None, r"item ?type: (?P<type>[\w ]{1,60}?) name: (?P<name>.{1,200}?) error ?code"),
    (
        None,
        r"<required (?:key='[0-9]{1,9}' )?type='(?P<type>\w{1,20})'[^<>]{0,200}?"
        r"\b(?:schemaname|displayname)='(?P<name>[^']{1,200})'",
    ),
    (None, rf"root component \{{?(?P<id>{GUID})\}}? of type (?P<type>[0-9]{{1,6}})"),
    (None, r"root component '?(?P<name>\S{1,200}?)'? of type (?P<type>[0-9]{1,6})"),
    ("Attribute", r"attribute with name ?= ?'(?P<name>[^']{1,200})'"),
    ("Attribute", r"attribute '?(?P<name>[a-z]\w{0,20}_\w{1,100})'? is an? \w{1,30}, but an? "),
    (
        None,
        r"\b(?P<type>attribute|entity|relationship|option ?set|web ?resource) with the specified name "
        r"'?(?P<name>\w{1,200})",
    ),
    ("EntityKey", r"(?:entity|alternate) key '(?P<name>[^']{1,200})'"),
    ("PluginAssembly", r"could not load file or assembly '(?P<name>[^',]{1,200})"),
    ("PluginAssembly", r"action failed for assembly '(?P<name>[^',]{1,200})"),
    ("connection", r"\bconnection '(?P<name>[^']{1,200})' (?:to|under)\b"),
    ("connection", r"permission for connection '(?P<name>[^']{1,200})'"),
    ("connection", r"connection with name '?(?P<name>[^\s'.,;]{1,200})"),
    (
        "connectionreference",
        r"connection ?reference (?:name |with logical name )?'(?P<name>[^']{1,200})'",
    ),
    ("environment variable", r"environment variable '(?P<name>[^']{1,200})'"),
    ("environment variable", r"environment variable (?P<name>[a-z]\w{0,20}_\w{1,100})"),
    ("workflow action", r"(?:parameter\(s\) of operation|template action) '(?P<name>[^']{1,200})'"),
    (None, r"\bthe element '?(?P<type>\w{1,100})'? has incomplete content"),
    (None, r"\bthe element '(?P<name>\w{1,100})' has invalid child element"),
    (None, r"invalid component type provided:? '?(?P<type>[0-9]{1,6})"),
    (
        "AttributeMap",
        r"an attributemap, .{1,60}? between attribute \W{0,2}(?P<name>\w{1,100})\W{0,2} and "
        r"\W{0,2}(?P<other>\w{1,100})",
    ),
    ("AttributeMap", r"an attributemap, .{1,60}? between attribute \W{0,2}(?P<name>\w{1,100})"),
    ("solution", r"failed deleting solution (?P<name>[^.]{1,200})\."),
    ("solution", r"\bsolution '(?P<name>[^']{1,200})' (?:failed to import|imported)"),
    (None, rf"\b(?P<type>[a-z]{{3,40}}) ?\((?:id=)?\{{?(?P<id>{GUID})\}}?"),
    ("solution", r"solution (?:manifest|'(?P<name>[^']{1,200})') import: failure"),
    (None, r"\b(?P<type>[a-z]{3,30}) import: failure"),
    (None, rf"component (?:id|with id)\W{{1,6}}(?P<id>{GUID})"),
)

# Numbers that solution.xml uses for the types people meet most: `coe-upgrade.md` section 7.
_TYPES = {
    "1": "Entity",
    "2": "Attribute",
    "9": "OptionSet",
    "10": "EntityRelationship",
    "20": "Role",
    "26": "SavedQuery",
    "29": "Workflow",
    "60": "SystemForm",
    "61": "WebResource",
    "62": "SiteMap",
    "66": "CustomControl",
    "80": "AppModule",
    "300": "CanvasApp",
}
_REQUIRED = "<required "

_GIVEN_NAMES = (
    Pattern(
        r"\btype \w{1,40} name (.{1,200}?)\s{0,3}[:.]\s{0,3}"
        r"(?:flow (?:server|client)|one or more errors|a task was)"
    ),
    Pattern(r"\bsolution '([^']{1,200})' (?:failed to import|imported|was imported)"),
    Pattern(r"\bcategory \w{1,40} name ([^:.]{1,200})"),
)

_FINDER = FirstOf(tuple(shape for _, shape in _SHAPES))
_WHOLE_GUID = Pattern(rf"^\{{?{GUID}\}}?$")


def component_in(text: str) -> Component:
    """The component that a text in its form for matching names; each part may be missing."""
    for index, match in _FINDER.all(text):
        return _component(_SHAPES[index][0], match)
    return Component()


def without_names(text: str) -> str:
    """The text with names that people gave to flows and solutions made unreadable, same length.

    A flow may be called "Missing dependency check"; its name must not be read as a reason.
    """
    for shape in _GIVEN_NAMES:
        pieces, end = [], 0
        for match in shape.find(text, limit=NAMES_LIMIT):
            pieces += [text[end : match.start(1)], "#" * (match.end(1) - match.start(1))]
            end = match.end(1)
        text = "".join((*pieces, text[end:]))
    return text


def _component(kind: str | None, match: Match) -> Component:
    groups = match.groupdict()
    identifier = _clean(groups.get("id"))
    if identifier and _WHOLE_GUID.search(identifier):
        identifier = identifier.strip("{}").lower()
    named, other = _clean(groups.get("name")), _clean(groups.get("other"))
    type_ = _clean(groups.get("type")) or kind
    if str(match.group()).lower().startswith(_REQUIRED):
        type_ = _TYPES.get(type_ or "", type_)
    return Component(
        type=type_, name=f"{named} -> {other}" if named and other else named, id=identifier
    )


def _clean(value: str | None) -> str | None:
    return (value or "").strip(" '.,*")[:NAME_LIMIT] or None
