"""The pages of the API: its operations, and the schemas that they take and give."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_origin

import msgspec
from msgspec import inspect as types

from docs.generate.markdown import table
from jupyter_sessions import api, schemas


def operations_page() -> Iterator[str]:
    """Describe the API."""
    yield "\n# Operations\n"
    yield f"The API is under `{api.PREFIX}` below the server's base URL. Authenticate with"
    yield "`Authorization: Bearer KEY`, the pages' login cookie, or your Jupyter server identity."
    yield "Send what is not in the path in the query of a `GET`, or as JSON in the body; the body"
    yield "of an upload is its bytes. Unknown fields, NaN and duplicate keys are refused."
    yield "[Errors](errors.md) are `{code, message, hint}`. A page of a list is `{items, next}`."
    yield "Send `next` as `after` to get the following page; it is null at the end. The server"
    yield f"describes all this as OpenAPI at `{api.PREFIX}/openapi.json`.\n"
    noun = ""
    for operation in api.OPERATIONS.values():
        if operation.name.partition(".")[0] != noun:
            noun = operation.name.partition(".")[0]
            yield f"## {noun}\n"
        yield f"### {operation.name}\n"
        yield f"`{operation.method} {operation.path}`\n"
        yield f"{operation.summary}\n"
        yield f"- needs: {_needs(operation)}"
        if operation.states:
            yield f"- in a session that is: {', '.join(sorted(operation.states))}"
        yield f"- takes: {_schema_link(operation.request)}" + (
            ", and bytes" if operation.content == "upload" else ""
        )
        yield f"- returns: {_schema_link(operation.answer)}\n"


def _needs(operation: api.Operation[Any, Any]) -> str:
    if operation.needs.role is None:
        return operation.needs.value
    own = f", or {operation.author_needs.value} for your own" if operation.author_needs else ""
    return f"the role {operation.needs.value}{own}"


def _schema_link(schema: type) -> str:
    if schema is bytes:
        return "bytes"
    if schema is schemas.Nothing:
        return "nothing"
    described = types.type_info(schema)
    return _type(described)


def schemas_page() -> Iterator[str]:
    """Describe what goes over the wire."""
    yield "\n# Schemas\n"
    yield "What [operations](operations.md) take and return, as JSON. Times are RFC 3339 in UTC,"
    yield "durations are in seconds, sizes in bytes, time-outs in minutes. You can leave out a"
    yield "field that has a default.\n"
    for schema in sorted(_all_schemas(), key=lambda schema: schema.__name__):
        described = types.type_info(schema)
        if not isinstance(described, types.StructType) or schema is schemas.Nothing:
            continue
        yield f"## {schema.__name__}\n"
        yield f"{inspect.cleandoc(schema.__doc__ or '').replace('``', '`')}\n"
        rows = [(f"`{field.encode_name}`", _field(field)) for field in described.fields]
        if described.tag:
            rows.insert(0, (f"`{described.tag_field}`", f"`{described.tag}`"))
        yield from table(("field", "type"), rows)


def _all_schemas() -> set[type]:
    found: set[type] = set()

    def visit(described: Any) -> None:
        if isinstance(described, types.StructType) and described.cls not in found:
            if not _is_page(described.cls):
                found.add(described.cls)
            for field in described.fields:
                visit(field.type)
        for part in (*getattr(described, "types", ()), getattr(described, "item_type", None)):
            if part is not None:
                visit(part)

    for operation in api.OPERATIONS.values():
        visit(types.type_info(operation.request))
        if operation.answer is not bytes:
            visit(types.type_info(operation.answer))
    return found


def _is_page(schema: Any) -> bool:
    return get_origin(schema) is schemas.Page


def _field(field: types.Field) -> str:
    text = _type(field.type)
    if field.default is not msgspec.NODEFAULT and field.default is not msgspec.UNSET:
        return f"{text}; default `{msgspec.json.encode(field.default).decode()}`"
    return f"{text}; may be left out" if not field.required else text


def _type(described: Any) -> str:
    match described:
        case types.UnionType(types=members):
            return " or ".join(_type(each) for each in members if not isinstance(each, _UNSET))
        case types.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case types.ListType(item_type=item) | types.CollectionType(item_type=item):
            return f"list of {_type(item)}{_bounds(described)}"
        case types.StructType(cls=cls):
            if _is_page(cls):
                items = next(field.type for field in described.fields if field.name == "items")
                return f"page of {_type(items).removeprefix('list of ')}"
            return f"[{cls.__name__}](schemas.md#{cls.__name__.lower()})"
        case types.Metadata(type=inner):
            return _type(inner)
    return _NAMES[type(described)] + _bounds(described)


_UNSET = type(types.type_info(msgspec.UnsetType))
_NAMES: dict[type, str] = {
    types.StrType: "text",
    types.IntType: "integer",
    types.FloatType: "number",
    types.BoolType: "boolean",
    types.NoneType: "null",
    types.DateTimeType: "instant",
    types.DictType: "object",
    types.AnyType: "anything",
}


def _bounds(described: Any) -> str:
    said = []
    for word, least, most in (("", "ge", "le"), (" long", "min_length", "max_length")):
        low, high = getattr(described, least, None), getattr(described, most, None)
        if low is not None and high is not None:
            said.append(f"{low:,} to {high:,}{word}")
        elif high is not None:
            said.append(f"at most {high:,}{word}")
        elif low is not None:
            said.append(f"at least {low:,}{word}")
    if getattr(described, "pattern", None):
        said.append(f"`{described.pattern}`")
    return f" ({'; '.join(said)})" if said else ""
