"""Which login is current: for all, for a shell, for a kernel."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from jupyter_sessions.client.logins import selection, shells
from jupyter_sessions.client.transports import resolve
from tests.client.logins.conftest import put

CURRENT = (
    "from jupyter_sessions.client import logins; now = logins.current(); print(now and now.id)"
)

GONE = """
from jupyter_sessions import errors
from jupyter_sessions.client import logins
try:
    print(logins.current())
except errors.LoginGone:
    print("gone")
"""


def in_another_shell(code: str = CURRENT) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, start_new_session=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def in_this_shell(code: str = CURRENT) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_each_shell_can_have_its_own_and_what_it_starts_has_the_same() -> None:
    everybodys, ours = put("https://h", "ann"), put("https://h", "bob")
    logins.set_current(everybodys)
    assert in_another_shell() == in_this_shell() == everybodys.id
    assert logins.set_here(ours, "shell")
    assert in_this_shell() == ours.id
    assert in_another_shell() == everybodys.id
    assert logins.set_here(None, "shell")
    assert in_this_shell() == everybodys.id


def test_a_kernels_own_is_that_of_what_it_starts_in_whatever_shell() -> None:
    everybodys, ours = put("https://h", "ann"), put("https://h", "bob")
    logins.set_current(everybodys)
    try:
        assert logins.set_here(ours, "kernel")
        assert logins.current() == ours
        assert in_another_shell() == ours.id
    finally:
        logins.set_here(None, "kernel")
    assert logins.current() == everybodys


def test_who_has_a_login_of_their_own_never_goes_on_as_somebody_else_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everybodys, ours = put("https://h", "ann"), put("https://h", "bob")
    logins.set_current(everybodys)
    logins.set_here(ours, "shell")
    in_another_shell(
        f"from jupyter_sessions.client import logins; logins.remove(logins.find_login({ours.id!r}))"
    )
    with pytest.raises(errors.LoginGone, match="You are logged out"):
        logins.current()
    logins.set_here(None, "shell")
    monkeypatch.setenv(logins.LOGIN_VARIABLE, ours.id)
    with pytest.raises(errors.LoginGone, match="You are logged out"):
        logins.current()


@pytest.mark.parametrize("named", ["../../evil", "/etc/passwd", "a\nb", "%2e"])
def test_what_the_environment_names_leads_nowhere_else(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("https://h")
    monkeypatch.setenv(logins.LOGIN_VARIABLE, named)
    with pytest.raises(errors.NoLogin):
        logins.current()


def test_the_user_is_told_when_the_environment_overrules_a_shells_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = put("https://h", "ann"), put("https://h", "bob")
    monkeypatch.setenv(logins.LOGIN_VARIABLE, one.id)
    assert not logins.set_here(other, "shell")
    assert logins.current() == one


@pytest.mark.parametrize("place", ["shell", "kernel"])
def test_a_login_that_is_forgotten_stays_chosen_until_one_chooses_anew(
    place: logins.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logins.LOGIN_VARIABLE, "")  # for it to be put back
    one, other = put("https://h", "ann"), put("https://h", "bob")
    logins.set_current(other)
    logins.set_here(one, place)
    logins.remove(one)
    with pytest.raises(errors.LoginGone, match="You are logged out") as told:
        logins.current()
    assert "switch LOGIN --here" in told.value.hint
    logins.set_here(other, place)
    assert logins.current() == other


def test_so_does_the_one_for_all() -> None:
    one = put("https://h", "ann")
    put("https://h", "bob")
    logins.set_current(one)
    logins.remove(one)
    with pytest.raises(errors.LoginGone, match="You are logged out") as told:
        logins.current()
    assert told.value.hint.startswith("Log in again, or type `switch --own` to use your local")
    with pytest.raises(errors.LoginGone):
        resolve.transport()
    assert in_another_shell(GONE) == "gone"
    logins.set_current(logins.OWN)
    assert logins.current() is None
    assert resolve.transport().server is None


def test_a_shell_can_choose_the_own_store_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    everybodys = put("https://h", "ann")
    logins.set_current(everybodys)
    assert logins.set_here(logins.OWN, "shell")
    assert (logins.current(), logins.current_id()) == (None, None)
    assert in_another_shell() == everybodys.id
    logins.set_here(None, "shell")
    monkeypatch.setenv(logins.LOGIN_VARIABLE, "")
    logins.set_here(logins.OWN, "kernel")
    assert logins.current() is None
    assert in_another_shell() == "None"


def test_one_that_is_gone_leaves_its_server_to_none_of_the_users_other_logins() -> None:
    gone, elsewhere = put("https://h", "ann"), put("https://i", "ann")
    put("https://h", "bob")
    logins.set_current(gone)
    logins.remove(gone)
    with pytest.raises(errors.LoginGone):
        resolve.transport("h")
    assert resolve.transport("bob@h").user == "bob"
    assert selection.choose_login("https://i") == elsewhere


def test_a_new_login_takes_the_place_of_one_that_is_gone_and_of_no_other() -> None:
    first, other, late = (put("https://h", name) for name in ("ann", "bob", "cy"))
    logins.choose_if_none(first, "shell")
    assert in_another_shell() == first.id
    logins.choose_if_none(other, "shell")
    assert logins.current() == first
    logins.set_here(other, "shell")
    logins.remove(other)
    logins.choose_if_none(late, "shell")
    assert logins.current() == late
    assert in_another_shell() == first.id
    logins.set_here(logins.OWN, "shell")
    logins.choose_if_none(late, "shell")
    assert logins.current() is None


def test_choices_of_shells_that_ended_are_dropped() -> None:
    login = put("https://h")
    for _ in range(3):
        in_another_shell(
            "from jupyter_sessions.client import logins; "
            f"logins.set_here(logins.find_login({login.id!r}), 'shell')"
        )
    logins.set_here(login, "shell")
    assert len(list(logins.folder().glob("here-*"))) == 1


def test_a_shell_of_the_same_number_later_or_elsewhere_is_another() -> None:
    ours = shells.this_shell()
    assert ours is not None
    assert not ours.ended
    later = shells.Shell(ours.machine, ours.number, f"{ours.started}1")
    elsewhere = shells.Shell("elsewhere", ours.number, ours.started)
    assert len({ours.name, later.name, elsewhere.name}) == 3
    assert later.ended
    assert not elsewhere.ended


AFTER_ITS_SHELL = """
import os, sys, time
from jupyter_sessions.client import logins
leader = os.getsid(0)
deadline = time.monotonic() + 90
while os.path.exists(f"/proc/{leader}"):
    assert time.monotonic() < deadline
    time.sleep(0.05)
logins.set_here(logins.find_login(sys.argv[1]), "shell")
print(logins.current().id, flush=True)
"""


def test_what_outlives_the_shell_that_started_it_still_chooses_for_itself() -> None:
    everybodys, ours = put("https://h", "ann"), put("https://h", "bob")
    logins.set_current(everybodys)
    leave_behind = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', *sys.argv[1:]])"
    with subprocess.Popen(
        [sys.executable, "-c", leave_behind, AFTER_ITS_SHELL, ours.id],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as shell:  # fmt: skip
        assert shell.wait() == 0  # as long as nobody has waited for it, it is still there
        assert shell.stdout is not None
        assert shell.stdout.read().strip() == ours.id
    assert in_this_shell() == everybodys.id


def test_a_broken_choice_is_none() -> None:
    login = put("https://h")
    logins.set_here(login, "shell")
    (file,) = logins.folder().glob("here-*")
    for content in (b"", b"\xff", b'{"id": "../x"}', json.dumps({"id": 3}).encode()):
        file.write_bytes(content)
        assert logins.current() is None


def test_a_login_is_named_by_what_one_knows_of_it() -> None:
    plain = put("http://127.0.0.1:8001", "ann", label="my laptop")
    safe = put("https://localhost:8002/base", "ann")
    both = put("http://h:8003", "bob"), put("https://h:8003", "bob")
    assert logins.find_login(plain.id[:10]) == plain
    assert logins.find_login("my laptop") == plain
    assert logins.find_login("ann@127.0.0.1:8001") == plain
    # Who leaves the scheme out means what is there.
    assert logins.find_login("ann@localhost:8002/base") == safe
    assert logins.find_login("bob@h:8003") == both[1]
    assert logins.find_login("bob@http://h:8003") == both[0]
    for other in ("http://localhost:8002/base", "bob@localhost:8002/base", "localhost:8002", ""):
        with pytest.raises(errors.NoLogin):
            logins.find_login(other)
