"""Each rule earns its place: without it a text leaks that no other rule covers (R1)."""

import pytest

from runbook.domain.redaction import Decision, Kind, Profile, Tier, labels, redact
from runbook.domain.redaction.identifiers import RULES
from runbook.domain.redaction.named import kind_of_name
from runbook.domain.redaction.profiles import CUTS
from tests.domain.redaction.corpus import guid

GUID = guid("rules")
SITE = "https://contoso.sharepoint.com/sites/Falcon/x.docx"
#: By rule: a text, and words in it that only this rule takes out.
OWN = {
    "sas": ("SharedAccessSignature=sv=1&sr=b&sig=Ab12Cd34Ef56", "Ab12Cd34Ef56"),
    "function-key": ("https://x.example/api?code=abcdefghij0123456789KL", "abcdefghij0123456789KL"),
    "header-key": ("Ocp-Apim-Subscription-Key: 0123abcd4567", "0123abcd4567"),
    "vendor-token": ("used uws_" + "a1B2" * 10 + "a1B", "a1B2a1B2"),
    "user-info": ("https://kit:lamp77@localhost/x", "lamp77"),
    "named-secret": ("id_token=abcdef123456", "abcdef123456"),
    "command-line": ("pac auth create --clientSecret lamp-77-x", "lamp-77-x"),
    "secure-string": ("ConvertTo-SecureString 'two words' -Force", "two words"),
    "tenant-site": ("at fabrikam.b2clogin.com now", "fabrikam"),
    "one-drive": ("OneDrive - Fabrikam\\kit.zip", "Fabrikam"),
    "e-mail-spelt": ("ana (at) fabrikam.example", "fabrikam"),
    "person-object": ('{"createdBy":{"id":"x","displayName":"Ana"}}', "Ana"),
    "session-cookie": ("it sent FedAuth=abcdef123456", "abcdef123456"),
    "secret-json": ('{"adminPassword": "two words"}', "two words"),
    "secret-number": ('{"adminPassword": 123456}', "123456"),
    "secret-element": ("<AdminPassword>two words</AdminPassword>", "two words"),
    "secret-attribute": ("<c storeSecret='two words' />", "two words"),
    "secret-setting": ('{"name":"GraphSecret","value":"two words"}', "two words"),
    "login-address": ("login.microsoftonline.com/fabrikam.example/x", "fabrikam"),
    "org-address": ("at fabrikam.crm4.dynamics.com now", "fabrikam"),
    "operations-address": ("at fabrikam.operations.dynamics.com now", "fabrikam"),
    "org-connected": ("Connected to... Fabrikam", "Fabrikam"),
    "org-name": ("into org0a1b2c3d failed", "org0a1b2c3d"),
    "environment-host": (
        "41263d724deaee119048000d3a341e.15.environment.api.powerplatform.com",
        "41263d724deaee119048000d3a341e",
    ),
    "tenant-host": (
        "41263d724deaee119048000d3a341e.15.tenant.api.powerplatform.com",
        "41263d724deaee119048000d3a341e",
    ),
    "sharepoint-address": (SITE, "contoso"),
    "sharepoint-path": (SITE, "Falcon"),
    "onmicrosoft-name": ("at fabrikam.onmicrosoft.com now", "fabrikam"),
    "resource-host": ("at fabrikam.vault.azure.net now", "fabrikam"),
    "resource-group": ("/resourceGroups/rg-falcon/x", "rg-falcon"),
    "personal-site": ("/personal/ana_contoso_example/x", "ana_contoso_example"),
    "guest": ("ana_fabrikam.example#EXT# was asked", "fabrikam"),
    "e-mail": ("by ana@fabrikam.example now", "ana@fabrikam"),
    "windows-path": ("C:\\Users\\akeller\\kit.zip", "akeller"),
    "home-path": ("in /home/akeller/kit.zip", "akeller"),
    "domain-login": ("user FABRIKAM\\akeller failed", "akeller"),
    "person": ("Owner: Ana Keller", "Ana Keller"),
    "person-in-sentence": ("created by Ana Keller", "Ana Keller"),
    "labelled-ip": ("IP address 10.2.3.4, version 4.50.2.10", "10.2.3.4"),
    "ipv4": ("blocked 10.2.3.4 again", "10.2.3.4"),
    "ipv6": ("blocked 2001:db8:85a3::8a2e:370:7334 again", "2001:db8"),
    "user-json": ('{"samAccountName":"akeller"}', "akeller"),
    "address-json": ('{"clientIp":"proxy-7"}', "proxy-7"),
    "org-json": ('{"orgName":"Fabrikam"}', "Fabrikam"),
    "environment-element": ("<EnvironmentName>Falcon</EnvironmentName>", "Falcon"),
    "tenant-setting": ("name='CompanyName' value='Fabrikam'", "Fabrikam"),
    "person-element": ("<FullName>Ana</FullName>", "Ana"),
    "environment-label": ("Environment name: Falcon Prod", "Falcon"),
    "org-label": ("Organization name: Fabrikam", "Fabrikam"),
    "tenant-label": ("Company name: Fabrikam", "Fabrikam"),
    "query": ("https://fabrikam.crm4.dynamics.com/x?y=falcon", "falcon"),
}
LABELLED = {
    "tenant": f"Tenant ID: {GUID}",
    "org": f"Organization ID: {GUID}",
    "environment": f"Environment ID: {GUID}",
    "subscription": f"Subscription ID: {GUID}",
    "user": f"systemuserid: {GUID}",
}


def without(monkeypatch: pytest.MonkeyPatch, slug: str) -> None:
    left = tuple(rule for rule in RULES if rule.slug != slug)
    assert len(left) == len(RULES) - 1
    monkeypatch.setattr("runbook.domain.redaction.redacting.RULES", left)


@pytest.mark.parametrize("slug", OWN)
def test_a_rule_finds_what_only_it_can(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: the words go, and stay once the rule is taken away."""
    text, words = OWN[slug]
    assert words not in redact(text, Profile.PUBLIC).text

    without(monkeypatch, slug)

    assert words in redact(text, Profile.PUBLIC).text


def test_default_environments_tell_the_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: without its rule the GUID is one that nobody knows, and a partner would see it."""
    text = f"in Default-{GUID} now"
    assert GUID not in redact(text, Profile.PARTNER).text

    without(monkeypatch, "default-environment")

    assert GUID in redact(text, Profile.PARTNER).text


@pytest.mark.parametrize("kind", LABELLED)
def test_a_label_says_what_a_guid_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: without labels every GUID is one that nobody knows."""
    assert [cut.kind.value for cut in redact(LABELLED[kind], Profile.PUBLIC).cuts] == [kind]

    monkeypatch.setattr(labels, "_label", lambda context: (None, False))

    assert [cut.kind for cut in redact(LABELLED[kind], Profile.PUBLIC).cuts] == [Kind.ID]


def test_without_labels_activity_ids_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1, the other way round: what keeps is a rule too."""
    text = f"Activity Id: {GUID}"
    assert redact(text, Profile.PUBLIC).text == text

    monkeypatch.setattr(labels, "_label", lambda context: (None, False))

    assert GUID not in redact(text, Profile.PUBLIC).text


def test_without_looking_around_versions_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1."""
    text = "Installed version: 4.50.2.10"
    assert redact(text, Profile.PUBLIC).text == text

    monkeypatch.setattr(
        "runbook.domain.redaction.identifiers.looks_like_address", lambda text, start, end: True
    )

    assert redact(text, Profile.PUBLIC).text != text


def test_the_slugs_differ() -> None:
    assert len({rule.slug for rule in RULES}) == len(RULES)


MIXED = (
    f"Tenant ID: {GUID}; https://contoso.crm4.dynamics.com; Environment ID: {guid('e')}; "
    f"Subscription ID: {guid('s')}; ana@contoso.example; at contoso.vault.azure.net; "
    f"IP address: 10.2.3.4; Owner: Ana Keller; {guid('x')}; password=lamp-77-x; "
    f"Activity Id: {guid('a')}"
)
SEEN = {
    Profile.INTERNAL: {Kind.SECRET},
    Profile.MICROSOFT_SUPPORT: {
        *(Kind.SECRET, Kind.SUBSCRIPTION, Kind.RESOURCE, Kind.USER, Kind.ADDRESS)
    },
    Profile.PARTNER: {
        *(Kind.SECRET, Kind.SUBSCRIPTION, Kind.RESOURCE, Kind.USER, Kind.ADDRESS, Kind.TENANT)
    },
    Profile.PUBLIC: set(Kind) - {Kind.SITE, Kind.QUERY},
}


@pytest.mark.parametrize("profile", Profile)
def test_a_profile_cuts_its_kinds(profile: Profile) -> None:
    done = redact(MIXED, profile)

    assert {cut.kind for cut in done.cuts if cut.cut} == SEEN[profile]
    assert {cut.kind for cut in done.cuts} == SEEN[Profile.PUBLIC]
    assert done.text.endswith(f"Activity Id: {guid('a')}")
    assert SEEN[profile] <= CUTS[profile]
    assert done.rules_version == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"see {GUID}", GUID),
        (f"see {{{GUID.upper()}}}", GUID.upper()),
        ("blocked 10.2.3.4", "10.2.3.4"),
        ("Owner: Ana Keller", "Ana Keller"),
    ],
)
def test_a_person_decides_what_is_asked(text: str, words: str) -> None:
    asked = redact(text, Profile.PUBLIC)
    kept = redact(text, Profile.PUBLIC, decisions={words: Decision.KEEP})
    shown = redact(text, Profile.INTERNAL)
    gone = redact(text, Profile.INTERNAL, decisions={words: Decision.CUT})

    assert [(cut.tier, cut.cut) for cut in asked.cuts] == [(Tier.ASK, True)]
    assert text[asked.cuts[0].start : asked.cuts[0].end] == words
    assert (kept.text, kept.cuts[0].cut) == (text, False)
    assert (shown.text, shown.cuts[0].cut) == (text, False)
    assert gone.text == asked.text
    assert words not in gone.text


def test_what_is_certain_is_not_asked() -> None:
    text = f"Tenant ID: {GUID}"

    assert GUID not in redact(text, Profile.PUBLIC, decisions={GUID: Decision.KEEP}).text


def test_a_guid_is_what_any_place_says() -> None:
    done = redact(f"saw {GUID}; tenant {GUID}; activity id {GUID}", Profile.PARTNER)

    assert done.text == "saw ‹tenant-1›; tenant ‹tenant-1›; activity id ‹tenant-1›"


def test_the_same_thing_in_another_spelling_has_one_pseudonym() -> None:
    bare = GUID.replace("-", "")
    text = (
        f"tenant {GUID.upper()} Default-{GUID} default{bare[:30]}.{bare[30:]}.environment.api.x "
        "ANA@contoso.example ana_contoso.example#EXT#@x.onmicrosoft.com "
        "contoso-my.sharepoint.com contoso.onmicrosoft.com"
    )

    done = redact(text, Profile.PUBLIC)

    assert done.text == (
        "tenant ‹tenant-1› Default-‹tenant-1› default‹tenant-1›.environment.api.x "
        "‹user-2› ‹user-2› ‹tenant-3›.sharepoint.com ‹tenant-3›.onmicrosoft.com"
    )


def test_known_words_go_wherever_they_stand_alone() -> None:
    done = redact(
        "Falcon in Falcons, falcon-Falcon", Profile.PUBLIC, known={"Falcon": Kind.ENVIRONMENT}
    )

    assert done.text == "‹environment-1› in Falcons, falcon-‹environment-1›"


def test_a_label_from_outside_counts_and_stays_outside() -> None:
    done = redact(GUID, Profile.PARTNER, label="tenant id")

    assert done.text == "‹tenant-1›"
    assert [(cut.start, cut.end) for cut in done.cuts] == [(0, 36)]
    assert redact("4.50.2.10", Profile.PUBLIC, label="source version").text == "4.50.2.10"
    assert redact("x", Profile.PUBLIC, label="by ana@contoso.example").text == "x"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("environment_name", Kind.ENVIRONMENT),
        ("organizationName", Kind.ORGANIZATION),
        ("upn", Kind.USER),
        ("installed_by", Kind.PERSON),
        ("solution", None),
        ("source_version", None),
    ],
)
def test_the_name_of_a_question_tells_what_its_answer_is(name: str, kind: Kind | None) -> None:
    assert kind_of_name(name) is kind


def test_public_places_stay() -> None:
    text = (
        "https://globaldisco.crm.dynamics.com/api C:\\Users\\Public\\x "
        "00000000-0000-0000-0000-000000000000 00000007-0000-0000-c000-000000000000"
    )

    assert redact(text, Profile.PUBLIC).text == text


def test_a_query_with_nothing_to_hide_stays() -> None:
    text = "https://learn.microsoft.com/power-platform/x?tabs=cli&view=latest"

    assert redact(text, Profile.PUBLIC).text == text


def test_a_secret_shows_as_one_inside_a_query() -> None:
    text = "https://prod-1.logic.azure.com/workflows/a/invoke?sp=x&sig=Ab12Cd34Ef56"

    assert redact(text, Profile.PUBLIC).text.endswith("/invoke?‹secret:signature›")
