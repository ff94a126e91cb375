"""Facts that a message names are read out of it: status, part of the import, component, ids."""

import pytest

from runbook.domain.diagnosis.component import component_in
from runbook.domain.diagnosis.extract import ids_in, phase_in, status_in, versions_in
from runbook.domain.diagnosis.family import Component, Ids
from runbook.domain.diagnosis.normal import normalise
from runbook.domain.vocabulary import ImportPhase

ONE = "41263d72-4dea-ee11-9048-000d3a341e15"
TWO = "1edb4715-b85b-ed11-9561-0022480819d7"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Flow server error returned with status code “BadGateway” and details", "BadGateway"),
        ("returned with status code Bad Request", "BadRequest"),
        ("with status code 504", "GatewayTimeout"),
        ("HTTP 500 from the service", "InternalServerError"),
        ("HTTP/1.1 503 Service Unavailable", "ServiceUnavailable"),
        ("FAILURE: Code: TooManyRequests Message: Too many", "TooManyRequests"),
        ("(Status: 403 Forbidden)", "Forbidden"),
        ("502 Bad Gateway", "BadGateway"),
        ("→ 403 MissingAdequateQuotaPolicy", "Forbidden"),
        ("the error was InternalServerError", "InternalServerError"),
    ],
)
def test_the_status_is_one_word(text: str, status: str) -> None:
    assert status_in(normalise(text).text) == status


@pytest.mark.parametrize("text", ["", "4.50.2", "in 500 rows", "a conflict of layers", "200 OK"])
def test_other_numbers_and_words_are_no_status(text: str) -> None:
    assert status_in(normalise(text).text) is None


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("ImportAsHolding failed with exception :x", ImportPhase.HOLDING_IMPORT),
        (
            "Solution Upgrade action failed after import as holding. InnerException is: x",
            ImportPhase.APPLY_UPGRADE,
        ),
        ("Solution X imported successfully with warnings: y", ImportPhase.AFTER_IMPORT),
        ("A timeout occurred while loading the connections.", ImportPhase.UPLOAD),
        ("CanvasApp import: FAILURE: x", ImportPhase.HOLDING_IMPORT),
        ("Tea is ready.", None),
    ],
)
def test_the_part_of_the_import_is_read_from_its_prefix(
    text: str, phase: ImportPhase | None
) -> None:
    assert phase_in(normalise(text).text) is phase


@pytest.mark.parametrize(
    ("text", "component"),
    [
        (
            f"Error while importing workflow {{{ONE}}} type ModernFlow name Visit | Sync (Child) > A: "
            'Flow server error returned with status code "BadGateway"',
            Component(type="ModernFlow", name="Visit | Sync (Child) > A", id=ONE),
        ),
        (
            "Error while importing workflow type ModernFlow name Sync. Flow server error returned",
            Component(type="ModernFlow", name="Sync"),
        ),
        (
            f"The connectionreference({ONE}) component cannot be deleted because it is referenced",
            Component(type="connectionreference", id=ONE),
        ),
        (
            f"Workflow uninstall: FAILURE, workflow id {ONE} category ModernFlow name CLEANUP A",
            Component(type="ModernFlow", name="CLEANUP A", id=ONE),
        ),
        (
            f"The dependent component Workflow (Id={ONE.upper()}) does not exist.",
            Component(type="Workflow", id=ONE),
        ),
        (
            "The dependent component Attribute (Id=processid) does not exist.",
            Component(type="Attribute", id="processid"),
        ),
        (
            f"A managed solution cannot overwrite the SavedQuery component with Id={ONE} which has",
            Component(type="SavedQuery", id=ONE),
        ),
        (
            "Holding solution Contoso_Upgrade already exists.",
            Component(type="solution", name="Contoso_Upgrade"),
        ),
        (
            "component con_app of type 300 is not declared in the solution file",
            Component(type="300", name="con_app"),
        ),
        (
            "is missing prvCreateWebResource privilege",
            Component(type="privilege", name="prvCreateWebResource"),
        ),
        ("Tea is ready.", Component()),
    ],
)
def test_the_component_is_read_with_what_the_message_names(text: str, component: Component) -> None:
    assert component_in(normalise(text).text) == component


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"Activity Id: {ONE}", Ids(activity=ONE)),
        (f"ActivityId={ONE.upper()}", Ids(activity=ONE)),
        (f"Correlation Id {ONE}", Ids(correlation=ONE)),
        (f"Client Request Id: {ONE}.", Ids(client_request=ONE)),
        (f'"clientRequestId":"{ONE}"', Ids(client_request=ONE)),
        (f"The tracking Id is '{ONE}'", Ids(tracking=ONE)),
        (f"Asynchronous operation {ONE} failed within", Ids(async_operation=ONE)),
        (f"Activity Id: {{{ONE[:14]}\n{ONE[14:]}}}", Ids(activity=ONE)),
        (f"Activity Id: {ONE} Correlation Id: {TWO}", Ids(activity=ONE, correlation=TWO)),
        (f"workflow {ONE}", Ids()),
    ],
)
def test_identifiers_for_support_are_found_by_their_label(text: str, ids: Ids) -> None:
    assert ids_in(normalise(text).text) == ids


def test_versions_come_in_order_and_each_once() -> None:
    text = "from 4.50.2 to 4.50.6 (was 4.50.2), patch 1.0.1.0; 3.5 is none"

    assert versions_in(text) == ("4.50.2", "4.50.6", "1.0.1.0")


def test_the_version_of_a_program_library_is_no_version_of_a_solution() -> None:
    assert versions_in("Microsoft.Xrm.Sdk, Version=9.0.0.0, Culture=neutral") == ()
