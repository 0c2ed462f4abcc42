"""Every identity against every operation in every state, over HTTP, from the table."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.api import OPERATIONS, Needs, Operation
from jupyter_sessions.roles import Roles
from tests.conftest import PASSWORD
from tests.server.conftest import (
    IDENTITIES,
    IN_LAB,
    MEMBERS,
    OWN_LAB,
    THROUGH_GROUPS,
    Site,
)
from tests.server.serving import HANDSHAKE, NEVER_GIVEN, address, bearer, error_of, recording

ROLES = (
    {name: roles.from_names([role]) for name, role in MEMBERS.items()}
    | {name: roles.from_names([role]) for name, role in THROUGH_GROUPS.items()}
    | {name: roles.from_names(["write"]) for name in ("invited", "guest")}
    | {"owner": roles.ALL}
)
NOT_SIGNED_IN = {
    "anonymous": "not_signed_in",
    "disabled": "login_revoked",
    "expired": "login_expired",
}
STATES: tuple[schemas.State, ...] = get_args(schemas.State)
NEW = "the content of a new file"


@dataclass
class Case:
    """One request that someone makes."""

    site: Site
    who: str = "owner"
    allowed: bool = True
    code: str = ""

    def login(self) -> int:
        """Return the number of a login of whoever asks, beside the one that they ask with."""
        if not self.allowed:
            return 1
        headers = self.site.headers(self.who, self.code)
        ticket = self.site.ask("anonymous", api.MAKE_TICKET, None, headers).json()["ticket"]
        made = self.site.ask("anonymous", api.LOG_IN_WITH_TICKET, ticket=ticket).json()
        number: int = made["login"]["id"]
        return number

    def key(self) -> str:
        """Return the key of an invitation: to another session, or a guest's own."""
        if not self.allowed:
            return "jinv_of_no_invitation_at_all"
        code = self.code if self.who == "guest" else self.site.session()
        return self.site.invite(code, "execute")

    def invitation(self) -> int:
        """Return the number of an invitation of the session at hand."""
        if not (self.allowed and self.code):
            return 1
        listing = schemas.ListInvitations(code=self.code)
        page = self.site.store.call("owner", api.LIST_INVITATIONS, listing)
        number: int = page.items[0].id
        return number

    def account(self) -> str:
        """Name an account that the request may change."""
        if not self.allowed:
            return "spare"
        name = self.site.name()
        account = schemas.NewAccount(name=name, password=PASSWORD)
        self.site.store.call("root", api.ADD_ACCOUNT, account)
        return name

    def group(self) -> str:
        """Name a group that the request may change."""
        if not self.allowed:
            return "lab"
        name = self.site.name()
        self.site.store.call("root", api.ADD_GROUP, schemas.NewGroup(name=name))
        return name

    def user_of_lab(self) -> str:
        """Name an account in the group ``lab``, whose place there the request may change."""
        name = self.account()
        if self.allowed:
            users = schemas.GroupUsers(name="lab", users=[name])
            self.site.store.call("root", api.ADD_GROUP_USERS, users)
        return name


#: How each operation is called: the fields of a request that its holder of the right role may do.
CALLS: dict[str, Callable[[Case], dict[str, Any]]] = {
    "sessions.create": lambda case: {"label": "mine"},
    "sessions.list": lambda case: {},
    "sessions.get": lambda case: {},
    "sessions.exists": lambda case: {"code": NEVER_GIVEN},
    "sessions.update": lambda case: {"label": "changed"},
    "sessions.set_timeouts": lambda case: {"lifetime": 1000},
    "sessions.resume": lambda case: {},
    "sessions.disable": lambda case: {},
    "sessions.enable": lambda case: {},
    "sessions.close": lambda case: {},
    "sessions.remove": lambda case: {},
    "sessions.restore": lambda case: {},
    "sessions.transfer": lambda case: {"user": "spare"},
    "members.list": lambda case: {},
    "members.grant": lambda case: {"grants": [{"user": "spare", "roles": ["read"]}]},
    "members.revoke": lambda case: {"users": ["reader"]},
    "invitations.create": lambda case: {"roles": ["write"]},
    "invitations.list": lambda case: {},
    "invitations.revoke": lambda case: {"id": case.invitation()},
    "invitations.look": lambda case: {"key": case.key()},
    "invitations.join": lambda case: {"key": case.key()},
    "invitations.enter": lambda case: {"key": case.key(), "name": case.site.name()},
    "presence.list": lambda case: {},
    "presence.keep": lambda case: {"client": "a"},
    "presence.end": lambda case: {"client": "a"},
    "presence.who": lambda case: {},
    "commands.record": lambda case: {"commands": [recording("a-new-one")]},
    "commands.list": lambda case: {},
    "commands.get": lambda case: {"number": 1},
    "commands.forget": lambda case: {"number": 1},
    "files.list": lambda case: {},
    "files.get": lambda case: {"path": "site/index.html"},
    "files.download": lambda case: {"path": "site/index.html"},
    "files.publish": lambda case: {"path": "new.txt"},
    "files.unpublish": lambda case: {"path": "site/index.html"},
    "capability_urls.create": lambda case: {"command": 1},
    "scratch.set": lambda case: {"name": "new", "value": [1]},
    "scratch.get": lambda case: {"name": "kept"},
    "scratch.list": lambda case: {},
    "scratch.delete": lambda case: {"name": "kept"},
    "attachments.list": lambda case: {},
    "attachments.get": lambda case: {"kernel": "some-kernel"},
    "attachments.put": lambda case: {"kernel": "some-kernel", "session": NEVER_GIVEN},
    "attachments.change": lambda case: {"kernel": "some-kernel", "paused": True},
    "attachments.delete": lambda case: {"kernel": "some-kernel"},
    "storedlogins.list": lambda case: {},
    "storedlogins.link": lambda case: {"id": "1a"},
    "server.address": lambda case: {},
    "events.list": lambda case: {},
    "events.follow": lambda case: {},
    "accounts.add": lambda case: {"name": case.site.name(), "password": PASSWORD},
    "accounts.list": lambda case: {},
    "accounts.password": lambda case: {"name": case.account(), "password": PASSWORD},
    "accounts.disable": lambda case: {"name": case.account()},
    "accounts.enable": lambda case: {"name": case.account()},
    "accounts.remove": lambda case: {"name": case.account()},
    "secondfactor.show": lambda case: {},
    "secondfactor.create": lambda case: {"password": PASSWORD},
    "secondfactor.confirm": lambda case: {"code": "000000"},
    "secondfactor.remove": lambda case: {"password": PASSWORD, "code": ""},
    "secondfactor.reset": lambda case: {"name": case.account()},
    "logins.confirm": lambda case: {"password": PASSWORD},
    "audit.list": lambda case: {},
    "password.change": lambda case: {"current": PASSWORD, "password": PASSWORD},
    "logins.create": lambda case: {"user": "spare", "password": PASSWORD},
    "logins.redeem": lambda case: {
        "ticket": case.site.store.call("spare", api.MAKE_TICKET, schemas.Nothing()).ticket
    },
    "logins.check": lambda case: {},
    "logins.refresh": lambda case: {},
    "logins.set_timeout": lambda case: {"idle_timeout": 10_000},
    "logins.group": lambda case: {"group": None},
    "logins.list": lambda case: {},
    "logins.issue": lambda case: {"user": "spare"},
    "logins.revoke": lambda case: {"id": case.login()},
    "logins.logout": lambda case: {},
    "logins.ticket": lambda case: {},
    "logins.whoami": lambda case: {},
    "groups.add": lambda case: {"name": case.site.name()},
    "groups.list": lambda case: {},
    "groups.get": lambda case: {"name": "lab"},
    "groups.change": lambda case: {"name": "lab", "description": "changed"},
    "groups.remove": lambda case: {"name": case.group()},
    "groupusers.list": lambda case: {"name": "lab"},
    "groupusers.add": lambda case: {"name": "lab", "users": [case.account()]},
    "groupusers.remove": lambda case: {"name": "lab", "users": [case.user_of_lab()]},
    "groupusers.set_owners": lambda case: {"name": "lab", "users": [case.user_of_lab()]},
    "groups.default": lambda case: {"group": None},
    "server.health": lambda case: {},
    "server.check": lambda case: {},
    "server.damage": lambda case: {},
}

#: Operations that the table lets everyone ask for, and who may have them done in the end.
ONLY = {"logins.issue": {"administrator"}}
#: Operations that answer some otherwise than the table alone says: the administrator here is the
#: system user, who has no password, and nobody here has a second factor.
_NO_PASSWORD = ("password.change", "secondfactor.create", "secondfactor.remove", "logins.confirm")
OTHERWISE = {(name, "administrator"): (409, "conflict") for name in _NO_PASSWORD}
DONE_OTHERWISE = {
    "secondfactor.confirm": (401, "wrong_code"),
    "secondfactor.remove": (409, "conflict"),
    "secondfactor.reset": (409, "conflict"),
}
#: Who has no role in the sessions, or none any more.
OUTSIDERS = (
    "stranger",
    "administrator",
    "revoked",
    "group-owner",
    "group-private",
    "group-left",
)
OF_GROUPS = {Needs.GROUP_MEMBER, Needs.GROUP_OWNER}

IN_SESSION = [operation for operation in OPERATIONS.values() if operation.in_session]
OUTSIDE = [operation for operation in OPERATIONS.values() if not operation.in_session]


def expected(operation: Operation[Any, Any], who: str, state: str) -> tuple[int, str]:
    """Say what someone is to be told: the status, and an error's code."""
    found = by_the_table(operation, who, state)
    if found == (200, ""):
        found = DONE_OTHERWISE.get(operation.name, found)
        found = OTHERWISE.get((operation.name, who), found)
    return found


def by_the_table(operation: Operation[Any, Any], who: str, state: str) -> tuple[int, str]:
    """Say what the table has someone told."""
    needed = operation.needs.role
    if operation.needs is Needs.NOTHING:
        return 200, ""
    if operation.needs.jupyter:
        return 404, "no_kernels"  # of a server that has none, to whoever asks
    if who in NOT_SIGNED_IN:
        return 401, NOT_SIGNED_IN[who]
    if operation.name in ONLY and who not in ONLY[operation.name]:
        return 403, "forbidden"
    if who == "guest" and not operation.allow_guest:
        return 403, "forbidden"
    if operation.needs is Needs.SERVER_ADMIN and who != "administrator":
        return 403, "forbidden"
    if operation.needs in OF_GROUPS and who != "administrator":
        if who not in IN_LAB:
            return 404, "not_found"
        if operation.needs is Needs.GROUP_OWNER and who not in OWN_LAB:
            return 403, "forbidden"
    if needed is None:
        return 200, ""
    held = ROLES.get(who, Roles.NONE)
    if not held or (state == "removed" and who != "owner"):
        return 404, "no_such_session"
    if state == "disabled" and who != "owner":
        return 403, "session_disabled"
    if needed not in held:
        return 403, "role_missing"
    if state not in operation.states:
        return 409, "wrong_state"
    return (101 if operation.method == "WS" else 200), ""


def answered(
    site: Site, who: str, operation: Operation[Any, Any], code: str, *, allowed: bool
) -> tuple[int, str]:
    """Have someone do an operation; return the status, and an error's code."""
    if who == "guest" and not code:
        code = site.session()
        fields = CALLS[operation.name](Case(site, who, allowed, code))
        headers = site.headers(who, code)
        answer = site.ask("anonymous", operation, NEW.encode(), headers, **fields)
        return answer.status_code, "" if answer.is_success else error_of(answer)["code"]
    fields = CALLS[operation.name](Case(site, who, allowed, code)) | (
        {"code": code} if code else {}
    )
    if operation.method == "WS":
        return _handshake(site, who, operation, fields)
    headers = {}
    if operation is api.LOG_OUT and who not in NOT_SIGNED_IN:
        # Their other logins are needed again.
        ticket = site.ask(who, api.MAKE_TICKET).json()["ticket"]
        login = site.ask("anonymous", api.LOG_IN_WITH_TICKET, ticket=ticket)
        headers = bearer(login.json()["key"])
    answer = site.ask(who, operation, NEW.encode(), headers, **fields)
    return answer.status_code, "" if answer.is_success else error_of(answer)["code"]


def _handshake(
    site: Site, who: str, operation: Operation[Any, Any], fields: dict[str, Any]
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=30)
    carried = HANDSHAKE | site.headers(who, str(fields["code"]))
    try:
        connection.request("GET", address(operation, fields), headers=carried)
        answer = connection.getresponse()
        if answer.status == 101:
            return 101, ""
        return answer.status, json.loads(answer.read())["code"]
    finally:
        connection.close()


def snapshot(site: Site, code: str) -> Any:
    """Return all that the owner sees of a session, to tell whether anything has changed."""
    store, named = site.store, schemas.SessionNamed(code=code)
    try:
        events = store.call("owner", api.LIST_EVENTS, schemas.ListEvents(code=code, limit=500))
        files = store.call("owner", api.LIST_FILES, schemas.ListFiles(code=code, deep=True))
        members = store.call("owner", api.LIST_MEMBERS, named)
        scratch = store.call("owner", api.LIST_SCRATCH, schemas.ListScratch(code=code))
        return store.call("owner", api.GET_SESSION, named), events, files, members, scratch
    except errors.WrongState as error:
        return str(error)


def test_every_operation_has_an_entry_for_how_to_call_it() -> None:
    assert set(CALLS) == set(OPERATIONS)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", IN_SESSION, ids=lambda operation: operation.name)
def test_everyone_may_do_in_a_session_what_the_table_says_and_no_more(
    site: Site, operation: Operation[Any, Any], state: schemas.State
) -> None:
    untouched = site.session(state)
    before = snapshot(site, untouched)
    wrong = {}
    for who in IDENTITIES:
        wanted = expected(operation, who, state)
        unchanging = wanted[0] >= 400 or not operation.writes
        code = untouched if unchanging else site.session(state)
        found = answered(site, who, operation, code, allowed=not wanted[1])
        if found != wanted:
            wrong[who] = {"expected": wanted, "found": found}
    assert not wrong
    assert snapshot(site, untouched) == before, "a look, or a refused change, has changed something"


@pytest.mark.parametrize("operation", OUTSIDE, ids=lambda operation: operation.name)
def test_everyone_may_do_outside_sessions_what_the_table_says_and_no_more(
    site: Site, operation: Operation[Any, Any]
) -> None:
    wrong = {}
    for who in IDENTITIES:
        wanted = expected(operation, who, "active")
        found = answered(site, who, operation, "", allowed=not wanted[1])
        if found != wanted:
            wrong[who] = {"expected": wanted, "found": found}
    assert not wrong


@pytest.mark.parametrize("who", [*MEMBERS, "owner"])
def test_ones_own_command_needs_the_lesser_role_to_be_forgotten(site: Site, who: str) -> None:
    code = site.session()
    may_write = who != "executor" and who != "reader"
    if may_write:
        number = site.ask(who, api.RECORD_COMMANDS, code=code, commands=[recording("own")])
        answer = site.ask(who, api.FORGET_COMMAND, code=code, number=number.json()["numbers"][0])
        assert answer.status_code == 200
    else:
        # They had the role once, and recorded then.
        site.store.grant(code, who, "write", by="owner")
        number = site.ask(who, api.RECORD_COMMANDS, code=code, commands=[recording("own")])
        site.store.grant(code, who, MEMBERS[who], by="owner")
        answer = site.ask(who, api.FORGET_COMMAND, code=code, number=number.json()["numbers"][0])
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


@pytest.mark.parametrize(
    "who", ["reader", "writer", "executor", "group-reader", "group-writer", "group-executor"]
)
def test_a_refusal_names_the_role_that_is_missing(site: Site, who: str) -> None:
    code = site.session()
    for operation in IN_SESSION:
        _, error = expected(operation, who, "active")
        if error != "role_missing" or operation.method == "WS":
            continue
        fields = {"code": code} | CALLS[operation.name](Case(site, code=code))
        told = site.ask(who, operation, b"", **fields).json()
        assert operation.needs.value in told["message"] + told["hint"], (operation.name, told)


def test_whether_a_session_exists_is_told_to_its_members_alone(site: Site) -> None:
    code = site.session()
    for who in OUTSIDERS:
        answer = site.ask(who, api.SESSION_EXISTS, code=code)
        never = site.ask(who, api.SESSION_EXISTS, code="9" * 22)
        assert never.content == b'{"exists":false}'
        # Who had a role is told who revoked it.
        told = {"ended_by": "owner"} if who == "revoked" else {}
        assert answer.json() == {"exists": False} | told
    for who in (*MEMBERS, *THROUGH_GROUPS, "invited", "guest", "owner"):
        assert site.ask(who, api.SESSION_EXISTS, code=code).json() == {"exists": True}


def test_lists_show_nobody_the_sessions_of_others(site: Site) -> None:
    code = site.session()
    for who in OUTSIDERS:
        for which in ("all", "mine", "shared", "removed"):
            answer = site.ask(who, api.LIST_SESSIONS, which=which, limit=500, search=code)
            assert answer.json()["items"] == []


def test_a_key_is_taken_as_a_bearer_or_in_the_cookie_and_nowhere_else(site: Site) -> None:
    key = site.keys["owner"]
    url = api.PREFIX + api.WHO_AM_I.path
    taken = [bearer(key), {"Cookie": f"{site.server.cookie}={key}"}]
    ignored: list[dict[str, str]] = [
        {"Authorization": key},
        {"Authorization": f"token {key}"},
        {"Authorization": f"Basic {key}"},
        {"Cookie": f"jupyter-sessions-1={key}"},
        {"X-API-Key": key},
    ]
    assert [site.http.get(url, headers=headers).status_code for headers in taken] == [200, 200]
    assert {site.http.get(url, headers=headers).status_code for headers in ignored} == {401}
    assert site.http.get(url, params={"token": key}).status_code in {400, 401}
    assert site.http.get(url, params={"key": key}).status_code in {400, 401}
