"""A model of roles and states, simple enough to be seen right, beside the store itself.

Hypothesis makes up long stories of people who grant, revoke, hand over, disable, close, remove and
restore; after each step, and for everyone, the store allows what the model allows, and shows the
members that the model has.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from tests.conftest import Clock, Store
from tests.core.asking import do, join, members, recorded

PEOPLE = ("ann", "bob", "cleo", "dan")
ORDER = ("read", "write", "execute", "admin", "owner")
IMPLIED = {"write": {"read"}, "admin": {"read", "write", "execute"}}
STATES = {
    api.DISABLE_SESSION: ({"active"}, "disabled"),
    api.ENABLE_SESSION: ({"disabled"}, "active"),
    api.CLOSE_SESSION: ({"active", "disabled"}, "closed"),
    api.REMOVE_SESSION: ({"active", "disabled", "closed"}, "removed"),
    api.RESTORE_SESSION: ({"removed"}, None),
}
OK = None

people = st.sampled_from(PEOPLE)
roles = st.lists(st.sampled_from(ORDER[:4]), max_size=3)


@dataclass
class Expected:
    """What a session is to be: who holds what in it, and its state, also from before removal."""

    held: dict[str, set[str]]
    state: str = "active"
    before: str = "active"
    commands: int = 0
    events: int = 1
    owner: str = field(default="ann")

    def refusal(self, who: str, needed: str, states: set[str]) -> type[Exception] | None:
        """Return how someone is to be refused who needs a role, in one of these states."""
        holds = self.held.get(who)
        if holds is None or (self.state == "removed" and who != self.owner):
            return errors.NoSuchSession
        if self.state == "disabled" and who != self.owner:
            return errors.SessionDisabled
        if needed not in holds:
            return errors.RoleMissing
        return OK if self.state in states else errors.WrongState


def meaning(names: list[str]) -> set[str]:
    """Return what a grant of these roles gives."""
    wanted = set(names) or {"read"}
    return wanted.union(*(IMPLIED.get(name, set()) for name in wanted))


class Sessions(RuleBasedStateMachine):
    """One session, four people, and all that they do to it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        url = f"sqlite:///{self.folder / 'sessions.db'}"
        clock = Clock()
        self.store = Store(Dispatcher(url, self.folder / "blobs", clock=clock), clock)

    def teardown(self) -> None:
        self.store.dispatcher.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        join(self.store, *PEOPLE)
        self.code = self.store.new("ann").code
        self.expected = Expected(held={"ann": set(ORDER)})

    def attempt(self, refusal: type[Exception] | None, who: str, operation, **fields) -> bool:
        """Do something that is to be refused like this, or not at all; tell whether it was done."""
        if refusal is OK:
            do(self.store, who, operation, code=self.code, **fields)
            return True
        with pytest.raises(errors.SessionsError) as refused:
            do(self.store, who, operation, code=self.code, **fields)
        assert type(refused.value) is refusal, refused.value
        return False

    @rule(who=people, wanted=st.dictionaries(people, roles, min_size=1, max_size=3))
    def grant(self, who: str, wanted: dict[str, list[str]]) -> None:
        expected = self.expected
        refusal = expected.refusal(who, "admin", {"active"})
        if refusal is OK and expected.owner in wanted:
            refusal = errors.Forbidden
        grants = [schemas.Grant(user=user, roles=names) for user, names in wanted.items()]
        if self.attempt(refusal, who, api.GRANT_ROLES, grants=grants):
            expected.held |= {user: meaning(names) for user, names in wanted.items()}
            expected.events += len(wanted)

    @rule(who=people, users=st.lists(people, min_size=1, max_size=3))
    def revoke(self, who: str, users: list[str]) -> None:
        expected = self.expected
        refusal = expected.refusal(who, "admin", {"active"})
        if refusal is OK and expected.owner in users:
            refusal = errors.Forbidden
        if refusal is OK and not set(users) <= set(expected.held):
            refusal = errors.NotFound
        if self.attempt(refusal, who, api.REVOKE_ROLES, users=users):
            for user in set(users):
                del expected.held[user]
            expected.events += len(set(users))

    @rule(who=people, user=people)
    def transfer(self, who: str, user: str) -> None:
        expected = self.expected
        refusal = expected.refusal(who, "owner", {"active"})
        if refusal is OK and user == expected.owner:
            refusal = errors.Conflict
        if self.attempt(refusal, who, api.TRANSFER_SESSION, user=user):
            expected.held[expected.owner] = meaning(["admin"])
            expected.held[user] = set(ORDER)
            expected.owner = user
            expected.events += 1

    @rule(who=people, operation=st.sampled_from(list(STATES)))
    def change_state(self, who: str, operation) -> None:
        expected = self.expected
        states, following = STATES[operation]
        if self.attempt(expected.refusal(who, "owner", states), who, operation):
            if following == "removed":
                expected.before = expected.state
            expected.state = following or expected.before
            if operation is api.ENABLE_SESSION:
                expected.state = "active"
            expected.events += 1

    @rule(who=people)
    def record(self, who: str) -> None:
        expected = self.expected
        refusal = expected.refusal(who, "write", {"active"})
        commands = [recorded(self.store)]
        if self.attempt(refusal, who, api.RECORD_COMMANDS, commands=commands):
            expected.commands += 1
            expected.events += 1

    @rule(who=people)
    def follow(self, who: str) -> None:
        refusal = self.expected.refusal(who, "read", {"active", "closed", "disabled"})
        asked = self.store.dispatcher.follow(
            schemas.Follow(code=self.code), self.store.credentials(who)
        ).exception()
        assert (None if asked is None else type(asked)) is refusal

    @invariant()
    def everyone_sees_what_they_may(self) -> None:
        expected = self.expected
        for who in PEOPLE:
            looking = {"active", "closed", "disabled"}
            self.attempt(expected.refusal(who, "read", looking), who, api.LIST_COMMANDS)
            listed = {s.code for s in do(self.store, who, api.LIST_SESSIONS).items}
            hidden = expected.state == "removed" or (
                expected.state == "disabled" and who != expected.owner
            )
            assert (self.code in listed) == (who in expected.held and not hidden)

    @invariant()
    def the_owner_sees_the_members_and_counts_of_the_model(self) -> None:
        expected = self.expected
        if expected.state == "removed":
            return
        shown = do(self.store, expected.owner, api.GET_SESSION, code=self.code)
        assert (shown.state, shown.owner) == (expected.state, expected.owner)
        assert (shown.commands, shown.events) == (expected.commands, expected.events)
        held = members(self.store, self.code, expected.owner)
        assert next(iter(held)) == expected.owner
        assert held == {
            user: [name for name in ORDER if name in names] for user, names in expected.held.items()
        }


TestSessions = Sessions.TestCase
TestSessions.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
