"""The front end's types and its table of operations, made from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_sessions.server.openapi import document

_REF = "#/components/schemas/"
_PAGE = "Page_"
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_JSON = "application/json"
_BYTES = "application/octet-stream"


def operations_module() -> Iterator[str]:
    """Write the module: the schemas, what each operation takes and gives, and the table."""
    described = json.loads(document(""))
    schemas = described["components"]["schemas"]
    operations = {
        operation["operationId"]: (method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    yield "/** One page of a list; `next` is the `after` that asks for the following one. */"
    yield "export type Page<T> = { items: T[]; next: string | null };\n"
    for name in sorted(_reached(operations, schemas)):
        if not name.startswith(_PAGE):
            yield from _comment(schemas[name].get("description", ""))
            yield f"export type {name} = {_type(schemas[name])};\n"
    yield "/** What each operation takes, and what it gives. */"
    yield "export type Operations = {"
    for name, (_, _, operation) in operations.items():
        taken = _type(_taken(operation))
        yield f"  '{name}': {{ request: {taken}; answer: {_given(operation)} }};"
    yield "};\n"
    yield "/** How each operation is asked for, and what one must hold for it. */"
    yield "export const OPERATIONS = {"
    for name, (method, path, operation) in operations.items():
        told = "ws" if "101" in operation["responses"] else method
        line: dict[str, Any] = {"method": told.upper(), "path": path}
        if _BYTES in _body(operation):
            line["upload"] = True
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", [])):
            line["keyed"] = True
        line |= {key[2:]: value for key, value in operation.items() if key.startswith("x-")}
        yield f"  '{name}': {json.dumps(line)},"
    yield "} as const;"


def _comment(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.replace("``", "`").splitlines()]
    if len(lines) == 1:
        yield f"/** {lines[0]} */"
    elif lines:
        yield "/**"
        yield from (f" * {line}".rstrip() for line in lines)
        yield " */"


def _reached(operations: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    """Return the names of the schemas that operations take and give, directly or inside others."""
    found: set[str] = set()
    waiting: list[Any] = [operation for _, _, operation in operations.values()]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.values()
            name = each["$ref"].removeprefix(_REF) if "$ref" in each else None
            if name is not None and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _taken(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what stands in path, query and body into one shape, without the headers."""
    body = _body(operation).get(_JSON, {}).get("schema", {})
    parameters = [each for each in operation.get("parameters", []) if each["in"] != "header"]
    return {
        "type": "object",
        "properties": {each["name"]: each["schema"] for each in parameters}
        | body.get("properties", {}),
        "required": [each["name"] for each in parameters if each["required"]]
        + body.get("required", []),
        "additionalProperties": False,
    }


def _body(operation: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return content


def _given(operation: Mapping[str, Any]) -> str:
    if "101" in operation["responses"]:
        return operation["x-message"]
    content = operation["responses"]["200"]["content"]
    return _type(content[_JSON]["schema"]) if _JSON in content else "Blob"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return f"Page<{name[len(_PAGE) : -1]}>" if name.startswith(_PAGE) else name
    if "enum" in schema:
        return " | ".join("null" if each is None else f"'{each}'" for each in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    kind = schema.get("type")
    if kind == "array":
        return f"Array<{_type(schema['items'])}>" if "items" in schema else "Array<unknown>"
    if kind == "object":
        return _object(schema)
    return _PLAIN.get(kind, kind or "unknown")


def _object(schema: Mapping[str, Any]) -> str:
    if "properties" not in schema:
        held = schema.get("additionalProperties", {})
        return f"Record<string, {_type(held) if held else 'unknown'}>"
    # What the server gives has all fields but those without even a default.
    answer = schema.get("additionalProperties") is not False
    required = schema.get("required", ())
    fields = [
        f"{name}{'' if name in required or (answer and 'default' in each) else '?'}: {_type(each)}"
        for name, each in schema["properties"].items()
    ]
    return f"{{ {'; '.join(fields)} }}"
