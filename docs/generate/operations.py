"""The pages of the API: its operations, and the shapes that they take and give."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_origin

import msgspec
from msgspec import inspect as shapes

from docs.generate.markdown import table
from jupyter_sessions import api, schemas


def operations_page() -> Iterator[str]:
    """Describe the API."""
    yield "\n# Operations\n"
    yield f"The API stands under `{api.PREFIX}` below the server's base URL. A caller comes with"
    yield "`Authorization: Bearer KEY`, the login cookie of the pages, or what the Jupyter server"
    yield "knows them by. What does not stand in the path goes into the query of a `GET`, or as"
    yield "JSON into the body; uploads have bytes as their body. Unknown fields, NaN and duplicate"
    yield "keys are refused. [Errors](errors.md) are `{code, message, hint}`. A page of a list is"
    yield "`{items, next}`; `next` of one is `after` of the following, and null at the end. The"
    yield "server gives all this as OpenAPI at"
    yield f"`{api.PREFIX}/openapi.json`.\n"
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
        yield f"- takes: {_shape_link(operation.request)}" + (
            ", and bytes" if operation.content == "upload" else ""
        )
        yield f"- gives: {_shape_link(operation.answer)}\n"


def _needs(operation: api.Operation[Any, Any]) -> str:
    if operation.needs.role is None:
        return operation.needs.value
    own = f", or {operation.own.value} for one's own" if operation.own else ""
    return f"the role {operation.needs.value}{own}"


def _shape_link(shape: type) -> str:
    if shape is bytes:
        return "bytes"
    if shape is schemas.Nothing:
        return "nothing"
    described = shapes.type_info(shape)
    return _type(described)


def shapes_page() -> Iterator[str]:
    """Describe what goes over the wire."""
    yield "\n# Shapes\n"
    yield "What [operations](operations.md) take and give, as JSON. Instants are RFC 3339 in UTC,"
    yield "durations seconds, sizes bytes, time-outs minutes. A field with a default can be left"
    yield "out.\n"
    for shape in sorted(_all_shapes(), key=lambda shape: shape.__name__):
        described = shapes.type_info(shape)
        if not isinstance(described, shapes.StructType) or shape is schemas.Nothing:
            continue
        yield f"## {shape.__name__}\n"
        yield f"{inspect.cleandoc(shape.__doc__ or '').replace('``', '`')}\n"
        rows = [(f"`{field.encode_name}`", _field(field)) for field in described.fields]
        if described.tag:
            rows.insert(0, (f"`{described.tag_field}`", f"`{described.tag}`"))
        yield from table(("field", "type"), rows)


def _all_shapes() -> set[type]:
    found: set[type] = set()

    def visit(described: Any) -> None:
        if isinstance(described, shapes.StructType) and described.cls not in found:
            if not _is_page(described.cls):
                found.add(described.cls)
            for field in described.fields:
                visit(field.type)
        for part in (*getattr(described, "types", ()), getattr(described, "item_type", None)):
            if part is not None:
                visit(part)

    for operation in api.OPERATIONS.values():
        visit(shapes.type_info(operation.request))
        if operation.answer is not bytes:
            visit(shapes.type_info(operation.answer))
    return found


def _is_page(shape: Any) -> bool:
    return get_origin(shape) is schemas.Page


def _field(field: shapes.Field) -> str:
    text = _type(field.type)
    if field.default is not msgspec.NODEFAULT and field.default is not msgspec.UNSET:
        return f"{text}; default `{msgspec.json.encode(field.default).decode()}`"
    return f"{text}; may be left out" if not field.required else text


def _type(described: Any) -> str:
    match described:
        case shapes.UnionType(types=types):
            return " or ".join(_type(each) for each in types if not isinstance(each, _UNSET))
        case shapes.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case shapes.ListType(item_type=item) | shapes.CollectionType(item_type=item):
            return f"list of {_type(item)}{_bounds(described)}"
        case shapes.StructType(cls=cls):
            if _is_page(cls):
                items = next(field.type for field in described.fields if field.name == "items")
                return f"page of {_type(items).removeprefix('list of ')}"
            return f"[{cls.__name__}](shapes.md#{cls.__name__.lower()})"
        case shapes.Metadata(type=inner):
            return _type(inner)
    return _NAMES[type(described)] + _bounds(described)


_UNSET = type(shapes.type_info(msgspec.UnsetType))
_NAMES: dict[type, str] = {
    shapes.StrType: "text",
    shapes.IntType: "integer",
    shapes.FloatType: "number",
    shapes.BoolType: "boolean",
    shapes.NoneType: "null",
    shapes.DateTimeType: "instant",
    shapes.DictType: "object",
    shapes.AnyType: "anything",
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
