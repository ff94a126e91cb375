"""The OpenAPI document, a page that lists it without any script, and the answer to what is not there."""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from runbook.web.api.operations import api
from runbook.web.api.problems import MEDIA_TYPE, TITLES, problem

PREFIX = "api/"


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1, with what the library does not know: refusals and files have types of their own."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX)))
    for operation in _operations(made):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                answer["description"] = TITLES[int(status)]
                answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
        if operation["operationId"] == "exportRun":
            operation["responses"]["200"]["content"] = {"*/*": {}}  # any bytes
    return made


def _operations(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in made["paths"].values() for operation in methods.values()]


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The document for programs. It tells of no run, so anybody may read it."""
    return JsonResponse(document())


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The document for people."""
    made = document()
    operations = [
        {**operation, "method": method.upper(), "path": path, "takes": _takes(operation, made)}
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    ]
    context = {"info": made["info"], "operations": operations}
    return render(request, "tokens/api.html", context)


def _takes(operation: dict[str, Any], made: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that a request may say: parts of the address, headers, fields of the body."""
    found = [
        {
            "name": each["name"],
            "place": each["in"],
            "required": each["required"],
            "says": each["schema"].get("description", ""),
        }
        for each in operation["parameters"]
    ]
    if "requestBody" not in operation:
        return found
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    body = made["components"]["schemas"][reference.rpartition("/")[2]]
    return found + [
        {
            "name": name,
            "place": "body",
            "required": name in body["required"],
            "says": field.get("description", ""),
        }
        for name, field in body["properties"].items()
    ]


@csrf_exempt
def missing(request: HttpRequest, rest: str) -> HttpResponse:
    """404 in the API's own form for an address below it that no operation has."""
    return problem(404, "There is no such address. See /api/ for those there are.")
