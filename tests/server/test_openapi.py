"""The API's own description: valid, whole, and true when it is driven by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from jupyter_sessions.api import OPERATIONS, PREFIX, Needs, Operation
from tests.server.conftest import Site

EXAMPLES = 12
HELD_TO = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OVER_HTTP = [operation for operation in OPERATIONS.values() if operation.method != "WS"]


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    """Give the document as the server gives it."""
    answer = site.http.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


@pytest.fixture(scope="module")
def schema(document: dict[str, Any]) -> Any:
    """Give the document as Schemathesis reads it, which takes it a while."""
    load_all_checks()
    return schemathesis.openapi.from_dict(document)


def references(node: Any) -> Iterator[str]:
    """Find what a document refers to."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_valid_openapi(site: Site, document: dict[str, Any], schema: Any) -> None:
    assert document["openapi"].startswith("3.1")
    schema.validate()
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name), name
    for reference in references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    assert document["servers"] == [{"url": site.server.url + PREFIX}]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_operation_is_described_with_what_it_needs_takes_and_gives(
    document: dict[str, Any], operation: Operation[Any, Any]
) -> None:
    described = document["paths"][operation.path][operation.method.lower().replace("ws", "get")]
    assert described["operationId"] == operation.name
    assert described["summary"] == operation.summary
    assert operation.needs.value in described["description"]
    assert (described["security"] == []) == (operation.needs is Needs.NOTHING)
    parameters = described["parameters"]
    inside = {part["name"] for part in parameters if part["in"] == "path"}
    assert inside == set(operation.path_fields)
    headers = [part for part in parameters if part["in"] == "header"]
    conditional = ["Range", "If-Range", "If-None-Match"] * (operation.content == "download")
    expected = ["Idempotency-Key"] * operation.keyed + conditional
    assert [part["name"] for part in headers] == expected
    assert not any(part["required"] for part in headers)
    told = {part["name"] for part in parameters if part["in"] != "header"}
    body = described.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        told |= set(body["schema"]["properties"])
        assert body["schema"]["additionalProperties"] is False
    assert told == set(operation.request.__struct_fields__)
    done = "101" if operation.method == "WS" else "200"
    assert {done, "4XX"} <= set(described["responses"])


def test_the_document_describes_nothing_that_is_not_there(document: dict[str, Any]) -> None:
    named = [
        described["operationId"]
        for path in document["paths"].values()
        for described in path.values()
    ]
    assert sorted(named) == sorted([*OPERATIONS, "xmlrpc"])


@pytest.mark.parametrize(
    ("operation", "mode"),
    # What takes nothing can't be asked for wrongly.
    [(operation, "POSITIVE") for operation in OVER_HTTP]
    + [(operation, "NEGATIVE") for operation in OVER_HTTP if operation.request.__struct_fields__],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_api_does_as_its_document_says(
    site: Site, schema: Any, operation: Operation[Any, Any], mode: str
) -> None:
    described = schema[operation.path][operation.method]
    name = site.account()
    code = site.store.new(name).code if "code" in operation.path_fields else ""
    who = "administrator" if operation.needs.value.endswith("server administrator") else name

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=schemathesis.GenerationMode[mode]))
    def drive(case: schemathesis.Case) -> None:
        if code and mode == "POSITIVE":
            case.path_parameters["code"] = code
        answer = case.call(base_url=site.server.url + PREFIX, headers=site.headers(who))
        case.validate_response(answer, checks=HELD_TO)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400 and answer.headers.get("content-type"):
            told = json.loads(answer.content or b"{}")
            assert not told or set(told) == {"code", "message", "hint"}

    drive()
