"""XML-RPC: the session's operations by Python's own client, the same roles, and hostile calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xmlrpc.client import Binary, DateTime, Fault, MultiCall, ServerProxy, dumps, loads

import httpx
import msgspec
import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.server.handlers.xmlrpc import CALLABLE, LARGEST, list_parameters
from jupyter_sessions.server.handlers.xmlrpc_values import MOST_VALUES
from tests.server.conftest import IDENTITIES, Site
from tests.server.serving import NEVER_GIVEN, error_of, publish, recording
from tests.server.test_identities import CALLS, Case, expected, snapshot

EXIT_CODES = {error.code: error.exit_code for error in errors.list_error_classes()}
XML = {"Content-Type": "text/xml"}


def url(site: Site, code: str) -> str:
    return f"{site.server.url}{api.PREFIX}/sessions/{code}/xmlrpc"


def proxy(site: Site, who: str, code: str, **more: Any) -> ServerProxy:
    headers = list(site.headers(who, code).items())
    return ServerProxy(url(site, code), headers=headers, allow_none=True, **more)


def fault(site: Site, code: str, body: bytes, **headers: str) -> Fault:
    """Send a body as the owner, and return the fault that comes back."""
    answer = site.http.post(
        url(site, code), content=body, headers=XML | site.headers("owner") | headers
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    with pytest.raises(Fault) as raised:
        loads(answer.content)
    assert "Traceback" not in answer.text
    return raised.value


@pytest.fixture
def code(site: Site) -> str:
    """Give a session of the owner's."""
    return site.session()


def test_pythons_own_client_works_in_a_session(site: Site, code: str) -> None:
    with proxy(site, "writer", code) as session:
        assert session.sessions.get()["code"] == code
        assert session.sessions.update({"label": "Regen & <Sturm>"})["label"] == "Regen & <Sturm>"
        assert session.scratch.set("x", {"a": [1, None, 0.5]})["name"] == "x"
        assert session.scratch.get("x")["value"] == {"a": [1, None, 0.5]}
        page = session.commands.list({"order": "oldest", "limit": 1})
        assert [each["number"] for each in page["items"]] == [1]
        assert page["next"]
        assert session.commands.get(1)["response"]["outputs"][0]["text"] == "the owner's"
        file = session.files.publish("a.bin", Binary(bytes(range(256))))
        assert file["publisher"] == "writer"
        assert session.files.download("a.bin").data == bytes(range(256))


def test_a_call_with_an_idempotency_key_is_performed_once(site: Site, code: str) -> None:
    key = "a-key-of-enough-length"
    with proxy(site, "owner", code) as session:
        called = {"roles": ["read"], "idempotency_key": key}
        before = len(session.invitations.list()["items"])
        first, again = (session.invitations.create(called) for _ in range(2))
        assert first["invitation"] == again["invitation"]
        # The first secret was lost with its answer, so it ends.
        assert first["key"] != again["key"]
        assert len(session.invitations.list()["items"]) == before + 1
        with pytest.raises(Fault, match=r"\[conflict\]"):
            session.invitations.create(called | {"roles": ["write"]})
        with pytest.raises(Fault, match=r"\[bad_request\]"):
            session.invitations.create(called | {"idempotency_key": "short"})
        with pytest.raises(Fault, match=r"\[bad_request\]"):
            session.invitations.create(called | {"idempotency_key": 12345})
        by_place = [
            session.files.publish("a", Binary(b"a"), "text/plain", None, key) for _ in range(2)
        ]
        assert by_place[0] == by_place[1]
        both = MultiCall(session)
        both.invitations.create({"roles": ["read"], "idempotency_key": "another-key-of-16"})
        both.invitations.create({"roles": ["read"], "idempotency_key": "another-key-of-16"})
        assert len({each["invitation"]["id"] for each in both()}) == 1
        assert len(session.invitations.list()["items"]) == before + 2


def test_a_key_in_the_header_is_refused_rather_than_ignored(site: Site, code: str) -> None:
    before = site.ask("owner", api.LIST_INVITATIONS, code=code).json()
    body = dumps(({"roles": ["read"]},), "invitations.create").encode()
    header = {"Idempotency-Key": "a-key-of-enough-length"}
    assert "idempotency_key" in fault(site, code, body, **header).faultString
    assert site.ask("owner", api.LIST_INVITATIONS, code=code).json() == before


def test_the_key_may_be_the_password_of_basic(site: Site, code: str) -> None:
    at = url(site, code).replace("http://", f"http://anything:{site.keys['reader']}@")
    with ServerProxy(at) as session:
        assert session.sessions.get()["roles"] == ["read"]
    with ServerProxy(at.replace("jses_", "jses_0")) as session, pytest.raises(Fault) as raised:
        session.sessions.get()
    assert raised.value.faultCode == errors.LoginUnknown.exit_code


@pytest.mark.parametrize("name", CALLABLE)
def test_everyone_may_do_what_the_table_says_and_no_more(site: Site, name: str) -> None:
    operation = CALLABLE[name]
    untouched = site.session()
    before = snapshot(site, untouched)
    wrong = {}
    for who in IDENTITIES:
        status, error = expected(operation, who, "active")
        wanted = EXIT_CODES[error] if error else 0
        session = untouched if error or not operation.writes else site.session()
        if operation.states.isdisjoint({"active"}):
            session = untouched
        fields = dict(CALLS[name](Case(site, who, allowed=not error, code=session)))
        if operation.content == "upload":
            fields["content"] = Binary(b"new")
        try:
            with proxy(site, who, session) as called:
                getattr(called, name)(fields)
            found = 0
        except Fault as raised:
            found = raised.faultCode
            assert raised.faultString.endswith(f"[{error}]"), raised.faultString
        if found != wanted:
            wrong[who] = {"expected": wanted, "found": found, "status": status}
    assert not wrong
    assert snapshot(site, untouched) == before


def test_a_session_that_one_has_no_role_in_is_as_one_never_given_out(site: Site, code: str) -> None:
    body = dumps((), "sessions.get").encode()
    headers = XML | site.headers("stranger")
    answers = [
        site.http.post(url(site, each), content=body, headers=headers).content
        for each in (code, NEVER_GIVEN, "x", "%00", "1" * 500)
    ]
    assert len(set(answers)) == 1


def test_a_cookie_is_no_proof_here(site: Site, code: str) -> None:
    body = dumps(({"label": "by cookie"},), "sessions.update").encode()
    cookie = {"Cookie": f"{site.server.cookie}={site.keys['owner']}; _xsrf=2|a|b|1"}
    answer = httpx.post(url(site, code), content=body, headers=XML | cookie)
    assert b"[not_signed_in]" in answer.content
    assert site.ask("owner", api.GET_SESSION, code=code).json()["label"] == "A session"


def test_a_page_of_another_site_can_not_call(site: Site, code: str) -> None:
    body = dumps(({"label": "by a page"},), "sessions.update").encode()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert fault(site, code, body, **headers).faultCode == errors.Forbidden.exit_code
    assert site.ask("owner", api.GET_SESSION, code=code).json()["label"] == "A session"


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**31 - 1, -(2**31), 2**31, -(2**40), 2**63 - 1, True, 1e300, -0.1, "", " a\r\nb\t",
     "<&>]]>", "☂🌧", None, [], {}, [[{"": {"ключ": None}}]]],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_was(site: Site, code: str, value: Any) -> None:
    with proxy(site, "writer", code) as session:
        # Python's client sends no integer past 32 bits.
        site.ask("writer", api.SET_SCRATCH, code=code, name="x", value=value)
        found = session.scratch.get("x")["value"]
        assert (found, type(found)) == (value, type(value))
        # Nor does it keep carriage returns.
        if "\r" not in str(value) and (not isinstance(value, int) or value.bit_length() < 32):
            session.scratch.set("y", value)
            assert site.ask("writer", api.GET_SCRATCH, code=code, name="y").json()["value"] == value


def test_text_that_xml_can_not_hold_is_binary_both_ways(site: Site, code: str) -> None:
    coloured = "\x1b[31mred\x1b[0m\x00\ufffe"
    with proxy(site, "writer", code) as session:
        session.scratch.set("x", Binary(coloured.encode()))
        kept = site.ask("writer", api.GET_SCRATCH, code=code, name="x").json()["value"]
        assert kept == coloured
        assert session.scratch.get("x")["value"].data.decode() == coloured
        site.ask("writer", api.SET_SCRATCH, code=code, name="x", value={"\x1b": 2**70})
        assert session.scratch.get("x")["value"] == {"\ufffd": str(2**70)}


def test_instants_are_text_and_xmlrpcs_own_are_taken_as_utc(site: Site, code: str) -> None:
    with proxy(site, "reader", code) as session:
        created = datetime.fromisoformat(session.sessions.get()["created"])
        assert created.tzinfo is not None
        hour = timedelta(hours=1)
        now = datetime.now(UTC).replace(tzinfo=None)
        for since, found in ((now - hour, 2), (now + hour, 0)):
            for given in (since, DateTime(since), f"{since.isoformat()}Z"):
                assert len(session.commands.list({"since": given})["items"]) == found


def test_a_failure_is_a_fault_with_the_exit_code_the_message_the_hint_and_the_code(
    site: Site, code: str
) -> None:
    with proxy(site, "reader", code) as session:
        for call, error in [
            (lambda: session.commands.get(99), errors.NotFound),
            (lambda: session.commands.forget(1), errors.RoleMissing),
            (lambda: session.sessions.enable(), errors.RoleMissing),
            (lambda: session.commands.get("one"), errors.BadRequest),
            (lambda: session.commands.get(), errors.BadRequest),
            (lambda: session.commands.get(1, 2), errors.BadRequest),
            (lambda: session.commands.get({"number": 1, "code": NEVER_GIVEN}), errors.BadRequest),
            (lambda: session.commands.get({"number": 1, "more": 1}), errors.BadRequest),
            (lambda: session.files.publish("a", "text"), errors.BadRequest),
            (lambda: session.scratch.set("a", Binary(b"\xff")), errors.BadRequest),
            (lambda: session.accounts.list(), errors.NotFound),
            (lambda: session.events.follow(), errors.NotFound),
            (lambda: session.system.shutdown(), errors.NotFound),
        ]:
            with pytest.raises(Fault) as raised:
                call()
            assert raised.value.faultCode == error.exit_code, raised.value
            assert raised.value.faultString.endswith(f"[{error.code}]")
            assert len(raised.value.faultString) > 40


def test_what_is_there_is_told_by_the_server_itself(site: Site, code: str) -> None:
    with proxy(site, "anonymous", code) as session:
        named = session.system.listMethods()
        assert set(CALLABLE) < set(named)
        for name in named:
            assert len(session.system.methodHelp(name)) > 20
            assert session.system.methodSignature(name)
        assert "number" in session.system.methodHelp("commands.get")


def test_many_calls_at_once_answer_each_by_itself(site: Site, code: str) -> None:
    with proxy(site, "writer", code) as session:
        calls = MultiCall(session)
        calls.scratch.set("x", 1)
        calls.commands.get(99)
        calls.scratch.get("x")
        answers = calls()
        assert answers[0]["name"] == "x"
        with pytest.raises(Fault, match=r"\[not_found\]"):
            answers[1]
        assert answers[2]["value"] == 1
        nested = [{"methodName": "system.multicall", "params": [[]]}]
        bad: list[Any] = [*nested, {"methodName": "scratch.list"}, 1, {}]
        found = session.system.multicall(bad)
        assert all("faultCode" in each for each in found)
        with pytest.raises(Fault, match=r"\[too_large\]"):
            session.system.multicall([{}] * 1001)


def test_a_file_larger_than_an_answer_is_refused(site: Site, code: str) -> None:
    publish(site.store, code, "large.bin", b"0" * (LARGEST // 2 + 1), by="owner")
    with proxy(site, "reader", code) as session:
        assert len(session.files.download("large.bin").data) == LARGEST // 2 + 1
        calls = MultiCall(session)
        calls.files.download("large.bin")
        calls.files.download("large.bin")
        answers = calls()
        assert len(answers[0].data) == LARGEST // 2 + 1
        with pytest.raises(Fault, match=r"\[too_large\]"):
            answers[1]


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "%s">]>'
CALL = b"<methodCall><methodName>scratch.set</methodName><params><param><value>x</value></param>"
HOSTILE = {
    "nothing": b"",
    "no XML": b"{}",
    "half of a call": CALL,
    "no method": b"<methodCall><params/></methodCall>",
    "an answer": b"<methodResponse><params><param><value/></param></params></methodResponse>",
    "a fault": dumps(Fault(1, "a"), methodresponse=True).encode(),
    "an entity": DOCTYPE % b"lol" + b"<methodCall><methodName>&x;</methodName></methodCall>",
    "a bomb": DOCTYPE % (b"&x;" * 10) + CALL + b"<param><value>&x;</value></param></params>",
    "a file": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><methodCall/>',
    "NaN": CALL + b"<param><value><double>nan</double></value></param></params></methodCall>",
    "no number": CALL + b"<param><value><int>one</int></value></param></params></methodCall>",
    "digits": CALL + b"<param><value><int>" + b"9" * 9999 + b"</int></value></param></params>"
    b"</methodCall>",
    "no date": CALL + b"<param><value><dateTime.iso8601>x</dateTime.iso8601></value></param>"
    b"</params></methodCall>",
    "nested": CALL + b"<param>" + b"<value><array><data>" * 50_000
    + b"</data></array></value>" * 50_000 + b"</param></params></methodCall>",
    "half a struct": CALL + b"<param><value><struct><member><value>1</value></member></struct>"
    b"</value></param></params></methodCall>",
    "another encoding": b'<?xml version="1.0" encoding="utf-7"?><methodCall/>',
    "half of UTF-8": CALL + b"\xff</params></methodCall>",
    "a NUL": CALL + b"\0</params></methodCall>",
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_call_is_a_fault_and_changes_nothing(site: Site, code: str, what: str) -> None:
    before = snapshot(site, code)
    assert fault(site, code, HOSTILE[what]).faultCode == errors.BadRequest.exit_code
    assert snapshot(site, code) == before


def test_a_call_that_is_too_large_is_refused_unread(site: Site, code: str) -> None:
    body = CALL + b" " * (LARGEST + 1) + b"</params></methodCall>"
    assert fault(site, code, body).faultCode == errors.TooLarge.exit_code
    answer = site.http.post(url(site, code), content=b" " * (2 << 20), headers=XML)
    assert b"[not_signed_in]" in answer.content


def test_what_is_no_call_at_all_is_answered_as_elsewhere(site: Site, code: str) -> None:
    owner = site.headers("owner")
    for method, headers, status in [
        ("GET", {}, 405),
        ("PUT", XML, 405),
        ("POST", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        ("POST", {}, 400),
    ]:
        answer = site.http.request(
            method, url(site, code), content=dumps((), "sessions.get"), headers=owner | headers
        )
        assert answer.status_code == status
        error_of(answer)


def test_no_operation_takes_an_object_first_which_would_be_taken_for_its_fields() -> None:
    for operation in CALLABLE.values():
        names = list_parameters(operation)
        if names and names[0] in operation.request.__struct_fields__:
            field = next(
                each for each in msgspec.structs.fields(operation.request) if each.name == names[0]
            )
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert({"a": 1}, field.type)
    assert schemas.SetScratch.__struct_fields__[:3] == ("code", "name", "value")


def test_an_answer_of_too_many_values_is_refused_before_they_are_made(
    site: Site, code: str
) -> None:
    many: Any = [[]] * MOST_VALUES
    command = recording("many")
    command["response"]["outputs"] = [
        {"output_type": "display_data", "data": {"application/json": many}, "metadata": {}},
    ]
    answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[command])
    (number,) = answer.json()["numbers"]
    with proxy(site, "reader", code) as session:
        with pytest.raises(Fault, match="Use HTTP instead") as raised:
            session.commands.get(number)
        assert raised.value.faultCode == errors.TooLarge.exit_code
        # Commas in a text are no values.
        text = "," * (2 * MOST_VALUES)
        site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[recording("x", text=text)])
        assert session.commands.get(number + 1)["response"]["outputs"][0]["text"] == text
