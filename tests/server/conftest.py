"""A served store with one person of each standing, shared by the tests that don't stop it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import PASSWORD, Clock, Store
from tests.server.serving import Place, Server, bearer, key_for, parts, publish

#: Who has which role in the sessions that `Site.session` makes; the owner is ``owner``.
MEMBERS = {"reader": "read", "writer": "write", "executor": "execute", "admin": "admin"}
#: Who has which role in them through a group.
THROUGH_GROUPS = {f"group-{name}": role for name, role in MEMBERS.items()}
#: Who is in the private group ``lab``, in which these sessions are made, and who owns it.
IN_LAB = frozenset({"owner", "group-owner", "group-private"})
OWN_LAB = frozenset({"group-owner"})
#: Everyone who may come with a request, by standing.
IDENTITIES = (
    "anonymous",
    "stranger",
    *MEMBERS,
    "invited",
    "guest",
    "owner",
    "administrator",
    "revoked",
    "disabled",
    "expired",
    *THROUGH_GROUPS,
    "group-owner",
    "group-private",
    "group-left",
)
FILE = b"<h1>A published page</h1>"


@dataclass
class Site:
    """A server, its store, and people of each standing.

    In every session of `session` the revoked, the disabled and the one whose key has expired have
    (or had) the role admin. ``group-left`` was in a group that has it.
    """

    place: Place
    server: Server
    store: Store
    http: httpx.Client
    keys: dict[str, str] = field(default_factory=dict)
    #: The key of the guest in each session: a guest has one alone.
    guests: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def headers(self, who: str, code: str = "") -> dict[str, str]:
        """Return what someone's requests carry; as a guest one needs to say of which session."""
        if who == "guest":
            return bearer(self.guests.get(code) or self.guests[self.session()])
        return {} if who == "anonymous" else bearer(self.keys[who])

    def ask(
        self,
        who: str,
        operation: api.Operation[Any, Any],
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> httpx.Response:
        """Carry out an operation over HTTP."""
        asked = parts(operation, fields, content)
        carried = self.headers(who, str(fields.get("code", "")))
        return self.http.request(**asked, headers=carried | (headers or {}))

    def name(self) -> str:
        """Return a name that was not used before."""
        self.made += 1
        return f"name{self.made}"

    def account(self) -> str:
        """Make an account of its own for one test, and log it in."""
        name = self.name()
        self.store.add(name)
        credentials = self.store.keys[name]
        assert isinstance(credentials, KeyHolder)
        self.keys[name] = credentials.key
        return name

    def session(self, state: schemas.State = "active") -> str:
        """Make a session with members and some of everything in it; return its code."""
        store = self.store
        store.call("owner", api.SWITCH_GROUP, schemas.SwitchGroup(group="lab"))
        code = store.new("owner", label="A session").code
        roles = MEMBERS | {"revoked": "admin", "disabled": "admin", "expired": "admin"}
        roles |= {f"@of-{name}": role for name, role in THROUGH_GROUPS.items()}
        roles["@of-group-left"] = "admin"
        grants = [schemas.Grant(user=name, roles=[role]) for name, role in roles.items()]
        store.call("owner", api.GRANT_ROLES, schemas.GrantRoles(code=code, grants=grants))
        store.call("owner", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["revoked"]))
        store.record(code, "print('the owner')", by="owner", text="the owner's")
        store.record(code, "print('a writer')", by="writer", text="a writer's")
        publish(store, code, "site/index.html", FILE, by="writer")
        value = schemas.SetScratch(code=code, name="kept", value={"a": 1})
        store.call("writer", api.SET_SCRATCH, value)
        self.let_in(code)
        named = schemas.SessionNamed(code=code)
        change = {
            "disabled": api.DISABLE_SESSION,
            "closed": api.CLOSE_SESSION,
            "removed": api.REMOVE_SESSION,
        }.get(state)
        if change is not None:
            store.call("owner", change, named)
        return code

    def invite(self, code: str, *roles: str, uses: int = 1) -> str:
        """Make an invitation, and return its key."""
        wanted = schemas.Invite(code=code, roles=list(roles), uses=uses)
        key: str = self.store.call("owner", api.INVITE, wanted).key
        return key

    def let_in(self, code: str) -> None:
        """Have the invited and a guest come into a session by invitations, both to write."""
        key = self.invite(code, "write", uses=2)
        self.store.call("invited", api.JOIN, schemas.InvitationByKey(key=key))
        entering = schemas.EnterAsGuest(key=key, name=self.name())
        self.guests[code] = self.store.call("nobody", api.ENTER_AS_GUEST, entering).login.key

    def view(self, who: str, code: str, **what: Any) -> str:
        """Return a capability URL."""
        answer = self.ask(who, api.CREATE_CAPABILITY_URL, code=code, **what)
        assert answer.status_code == 200, answer.text
        url: str = answer.json()["url"]
        return url


def _populate(site: Site) -> None:
    store = site.store
    people = [name for name in IDENTITIES if name not in {"anonymous", "administrator"}]
    store.add(*people, "spare")
    for name in (*people, "spare"):
        credentials = store.keys[name]
        assert isinstance(credentials, KeyHolder)
        site.keys[name] = credentials.key
    store.call("root", api.DISABLE_ACCOUNT, schemas.AccountNamed(name="disabled"))
    # The system user who runs the server is its administrator, and gets its key by a one-time link.
    site.keys["administrator"] = key_for(store, getpass.getuser())
    past = Clock(datetime.now(UTC) - timedelta(days=31))
    with site.place.open_store(past) as then:
        request = schemas.LogIn(user="expired", password=PASSWORD)
        site.keys["expired"] = then.call("nobody", api.LOG_IN, request).key


def _group(site: Site) -> None:
    store = site.store
    for name in (*THROUGH_GROUPS, "group-left"):
        store.call("root", api.ADD_GROUP, schemas.NewGroup(name=f"of-{name}", owners=["owner"]))
        users = schemas.GroupUsers(name=f"of-{name}", users=[name])
        store.call("owner", api.ADD_GROUP_USERS, users)
    store.call("owner", api.REMOVE_GROUP_USERS, users)
    store.call("root", api.ADD_GROUP, schemas.NewGroup(name="lab", owners=sorted(OWN_LAB)))
    users = schemas.GroupUsers(name="lab", users=sorted(IN_LAB - OWN_LAB))
    store.call("group-owner", api.ADD_GROUP_USERS, users)


@contextmanager
def serve_site(place: Place) -> Iterator[Site]:
    """Serve a store with one person of each standing."""
    with (
        place.serve("--debug", "--SessionsExtension.guests=True") as server,
        place.open_store() as store,
        httpx.Client(base_url=server.url, timeout=30) as http,
    ):
        site = Site(place, server, store, http)
        _populate(site)
        _group(site)
        yield site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a served store with one person of each standing."""
    with serve_site(Place(tmp_path_factory.mktemp("site"))) as site:
        yield site


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give a place of its own for servers that a test starts and ends."""
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder)
