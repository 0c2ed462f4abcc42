"""The table of operations: whole, consistent, implemented, described; and the errors beside it."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

import jupyter_sessions
from jupyter_sessions import api, errors, schemas
from jupyter_sessions.api import OPERATIONS, Needs, Operation
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.core import dispatcher
from jupyter_sessions.core.registry import USE_CASES

ALL = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda one: one.name)
IN_STORE = {name: one for name, one in OPERATIONS.items() if not one.needs.jupyter}
ERRORS = pytest.mark.parametrize("error", errors.list_error_classes(), ids=lambda one: one.__name__)


@pytest.mark.parametrize("operation", IN_STORE.values(), ids=lambda one: one.name)
def test_every_operation_is_implemented_and_its_function_documented(
    operation: Operation[Any, Any],
) -> None:
    use_case = USE_CASES[operation.name]
    assert (inspect.getdoc(use_case.run) or "").strip()
    assert list(inspect.signature(use_case.run).parameters) == ["context", "request"]
    assert get_type_hints(use_case.run)["request"] is operation.request
    assert use_case.run.__module__ in {noun.__name__ for noun in dispatcher.NOUNS}
    assert (operation.author_needs is not None) == (use_case.author is not None)


def test_nothing_is_implemented_that_is_not_in_the_table() -> None:
    assert set(USE_CASES) == set(IN_STORE)


@ALL
def test_every_operation_is_consistent_in_itself(operation: Operation[Any, Any]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", operation.name)
    assert operation.method in {"GET", "POST", "PUT", "PATCH", "DELETE", "WS"}
    assert operation.path.startswith("/")
    assert operation.summary.endswith(".")
    assert set(operation.path_fields) <= set(operation.request.__struct_fields__)
    assert issubclass(operation.request, schemas.Request)
    assert operation.request.__struct_config__.forbid_unknown_fields
    assert operation.in_session == operation.path.startswith("/sessions/{code}")
    assert operation.in_session == bool(operation.states)
    assert operation.writes or not operation.touches_session
    # That the database takes a write is seen by a write that changes nothing.
    reads = operation.method in {"GET", "WS"}
    assert not (reads and operation.writes) or operation is api.CHECK_HEALTH
    if operation.content == "upload":
        assert operation.writes
    if operation.content == "download":
        assert operation.answer is bytes


@ALL
def test_what_changes_a_session_needs_more_than_a_look(operation: Operation[Any, Any]) -> None:
    if operation.in_session and operation.touches_session and operation is not api.RESUME_SESSION:
        assert operation.needs is not Needs.READ
    if operation.needs is Needs.READ:
        assert operation.states == api.LOOK
    if operation.method in {"POST", "PUT", "PATCH", "DELETE"}:
        assert operation.writes


@ALL
def test_a_request_that_comes_by_query_has_flat_fields_alone(
    operation: Operation[Any, Any],
) -> None:
    if operation.method not in {"GET", "WS"} and operation.content != "upload":
        return
    schema = msgspec.json.schema(operation.request)
    shape = schema["$defs"][operation.request.__name__]["properties"]
    for name, field in shape.items():
        kinds = {part.get("type") for part in field.get("anyOf", [field])}
        assert kinds <= {"string", "integer", "boolean", "null", None}, name


def test_no_two_operations_answer_at_one_address() -> None:
    addresses = Counter((operation.method, operation.path) for operation in OPERATIONS.values())
    assert set(addresses.values()) == {1}


def test_in_process_there_are_no_kernels_and_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    own = LocalTransport()
    for operation in OPERATIONS.values():
        if operation.needs.jupyter:
            request = operation.request(**_KERNEL_FIELDS[operation.name])
            with pytest.raises(errors.NoKernels) as caught:
                own.call(operation, request)
            assert "%session resume" in caught.value.hint


_KERNEL_FIELDS: dict[str, dict[str, Any]] = {
    "attachments.list": {},
    "attachments.get": {"kernel": "k"},
    "attachments.put": {"kernel": "k", "session": "1" * 22},
    "attachments.change": {"kernel": "k", "paused": True},
    "attachments.delete": {"kernel": "k"},
    "storedlogins.list": {},
    "storedlogins.link": {"id": "1a"},
    "server.address": {},
}


def test_an_operation_can_not_be_in_the_table_twice() -> None:
    with pytest.raises(ValueError, match="two operations"):
        api._add("sessions.get", "GET /x", Needs.USER, schemas.Nothing, schemas.Done, "Twice.")


def test_every_role_is_needed_for_something_or_reserved() -> None:
    needed = {operation.needs for operation in OPERATIONS.values()}
    # Runs on a session's own kernel come later; nothing else may go without a use.
    assert set(Needs) - needed <= {Needs.EXECUTE}


# ---- errors


@ERRORS
def test_every_error_knows_its_code_status_and_exit_status(
    error: type[errors.SessionsError],
) -> None:
    assert re.fullmatch(r"[a-z_]+", error.code)
    assert 400 <= error.status <= 599
    assert 0 < error.exit_code < 126
    assert inspect.getdoc(error)
    made = error("What happened.", hint="What to do.")
    assert made.to_wire() == {
        "code": error.code,
        "message": "What happened.",
        "hint": "What to do.",
    }
    back = errors.from_wire(made.to_wire())
    assert type(back) is error
    assert back.to_wire() == made.to_wire()


def test_no_two_errors_have_one_code_or_declare_one_exit_status() -> None:
    every = errors.list_error_classes()
    codes = Counter(error.code for error in every)
    assert set(codes.values()) == {1}
    declared = [error for error in every if "exit_code" in vars(error)]
    exits = Counter(error.exit_code for error in declared)
    assert {exit_: count for exit_, count in exits.items() if count > 1} == {}


def test_an_error_of_a_newer_server_is_still_an_error() -> None:
    error = errors.from_wire({"code": "no_such_code_yet", "message": "m", "hint": "h"})
    assert type(error) is errors.SessionsError
    assert errors.from_wire({}).message == ""


def test_every_error_that_is_raised_says_what_to_do_next() -> None:
    """Each call of an error's class in the package has a hint, or the class brings one."""
    classes = {error.__name__ for error in errors.list_error_classes()}
    brings = {"NoSuchSession", "NoKernels"}
    package = Path(jupyter_sessions.__file__).parent
    without = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            hinted = any(keyword.arg in {"hint", None} for keyword in node.keywords)
            if name in classes - brings and not hinted:
                without.append(f"{path.relative_to(package)}:{node.lineno}")
    assert without == []


# ---- the model


def _structs() -> list[type[msgspec.Struct]]:
    found = [kind for kind in vars(schemas).values() if inspect.isclass(kind)]
    return [kind for kind in found if issubclass(kind, msgspec.Struct)]


@pytest.mark.parametrize("kind", _structs(), ids=lambda kind: kind.__name__)
def test_every_shape_is_described_and_requests_refuse_what_they_do_not_know(
    kind: type[msgspec.Struct],
) -> None:
    assert inspect.getdoc(kind)
    if issubclass(kind, schemas.Request):
        assert kind.__struct_config__.forbid_unknown_fields
        assert not issubclass(kind, schemas.Answer)
    if issubclass(kind, schemas.Answer):
        assert not kind.__struct_config__.forbid_unknown_fields


def test_codes_are_22_digits_that_do_not_begin_with_zero() -> None:
    decode = msgspec.json.Decoder(schemas.SessionNamed).decode
    for code in ("1" * 22, "9" * 22, "default"):
        assert decode(msgspec.json.encode({"code": code})).code == code
    for code in ("0" * 22, "1" * 21, "1" * 23, "", "x", "1" * 22 + "\n", "Default", "\u0661" * 22):
        with pytest.raises(msgspec.ValidationError):
            decode(msgspec.json.encode({"code": code}))


def test_role_names_on_the_wire_are_those_of_the_roles() -> None:
    from jupyter_sessions.roles import Roles

    names = [role.name.lower() for role in Roles if role.name]
    assert list(get_args(schemas.RoleName)) == names
