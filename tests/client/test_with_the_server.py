"""The client against the sessions server itself."""

from __future__ import annotations

import io
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client import logins
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.transports import resolve
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.client.transports.http import HttpTransport
from jupyter_sessions.client.transports.local import LocalTransport
from tests.client.outbox.test_delivery import command
from tests.conftest import PASSWORD
from tests.ports import free_port
from tests.waiting import STARTED_WITHIN, until


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on the store that the environment names, and wait until it answers."""
    command_line = [sys.executable, "-m", "jupyter_sessions", "serve", f"--port={port}"]
    process = subprocess.Popen(command_line, stderr=subprocess.DEVNULL)
    http = HttpTransport(f"http://127.0.0.1:{port}")

    def up() -> bool:
        assert process.poll() is None
        try:
            return http.call(api.CHECK_HEALTH, schemas.Nothing()).ok
        except errors.ServerUnreachable:
            return False

    try:
        until(up)
        yield process
    finally:
        http.close()
        process.send_signal(signal.SIGTERM)
        process.wait(STARTED_WITHIN)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server with the accounts ``ann`` and ``bar`` for all the tests that don't kill it."""
    folder, port = tmp_path_factory.mktemp("shared"), free_port()
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("DATA", "CONFIG", "RUNTIME"):
                patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
            stack.enter_context(serving(port))
            _add_people()
        yield f"http://127.0.0.1:{port}"


def _add_people() -> None:
    for name in ("ann", "bar"):
        LocalTransport().call(api.ADD_ACCOUNT, schemas.NewAccount(name=name, password=PASSWORD))


@pytest.fixture
def log_in(url: str) -> Iterator[Callable[[str], Transport]]:
    opened: list[Transport] = []

    def make(user: str) -> Transport:
        logins.log_in(url, user, PASSWORD, "a test")
        opened.append(resolve.transport(url))
        return opened[-1]

    yield make
    for transport in opened:
        transport.close()


def _new(transport: Transport, **attributes: Any) -> str:
    return transport.call(api.CREATE_SESSION, schemas.NewSession(**attributes)).code


def _grant(transport: Transport, code: str, user: str, *roles: str) -> None:
    grant = schemas.Grant(user=user, roles=list(roles))
    transport.call(api.GRANT_ROLES, schemas.GrantRoles(code=code, grants=[grant]))


def _sources(transport: Transport, code: str) -> list[str]:
    sources: list[str] = []
    after = None
    while True:
        request = schemas.ListCommands(code=code, order="oldest", limit=500, after=after)
        page = transport.call(api.LIST_COMMANDS, request)
        sources += [summary.source for summary in page.items]
        if page.next is None:
            return sources
        after = page.next


#: What nobody is told where it is not to log in.
NOBODY_IS_TOLD = {
    "invitations.look": errors.InvitationUnusable,
    "invitations.enter": errors.Forbidden,
}


@pytest.mark.parametrize("operation", api.OPERATIONS.values(), ids=lambda each: each.name)
def test_every_operation_of_the_table_has_its_route(
    operation: api.Operation[Any, Any], url: str
) -> None:
    http = HttpTransport(url)
    fields: dict[str, Any] = {"code": "1234567890123456789012", "path": "a/b", "number": 3}
    fields |= {"name": "ann", "user": "ann", "password": "not that one", "ticket": "none"}
    fields |= {"users": ["ann"], "grants": [{"user": "ann"}]}
    fields |= {"commands": [msgspec.to_builtins(command("a"))], "label": "x", "value": 1}
    fields |= {"id": "1", "idle_timeout": 10, "group": None}
    fields |= {
        "key": "none",
        "client": "a",
        "kernel": "a",
        "paused": False,
        "session": "1234567890123456789012",
        "current": "not that one",
    }
    if operation is api.RESUME_SESSION:
        fields["commands"] = 1
    names = {field.name for field in msgspec.structs.fields(operation.request)}
    given = {name: value for name, value in fields.items() if name in names}
    request = msgspec.convert(given, operation.request, strict=False)  # an id may be a number
    try:
        if operation.method == "WS":
            next(iter(http.follow(request)))
        elif operation.content == "download":
            http.download(request, io.BytesIO())
        else:
            http.call(operation, request, b"content" if operation.content == "upload" else None)
    except errors.SessionsError as error:
        expected = NOBODY_IS_TOLD.get(operation.name, errors.NotLoggedIn)
        if operation.needs.jupyter:
            expected = errors.NoKernels
        assert isinstance(error, expected)
    else:
        assert operation is api.CHECK_HEALTH
    finally:
        http.close()


def test_two_people_share_a_session_over_http(log_in: Callable[[str], Transport]) -> None:
    ann, bar = log_in("ann"), log_in("bar")
    assert (ann.user, bar.user) == ("ann", "bar")
    code = _new(ann, label="ours")
    with pytest.raises(errors.NoSuchSession):
        bar.call(api.GET_SESSION, schemas.SessionNamed(code=code))
    _grant(ann, code, "bar")
    seen = bar.call(api.GET_SESSION, schemas.SessionNamed(code=code))
    assert (seen.label, seen.roles) == ("ours", ["read"])
    with pytest.raises(errors.RoleMissing):
        bar.call(api.UPDATE_SESSION, schemas.UpdateSession(code=code, label="mine"))
    ann.call(api.SET_SESSION_TIMEOUTS, schemas.SetSessionTimeouts(code=code, lifetime=60))
    assert (
        ann.call(
            api.SET_SESSION_TIMEOUTS, schemas.SetSessionTimeouts(code=code, lifetime=None)
        ).lifetime
        is None
    )


@pytest.mark.parametrize("path", ["a.txt", "ä b/100%/#?.txt", "deep/er/x&y=z;.bin"])
def test_content_comes_back_as_it_was_published(
    log_in: Callable[[str], Transport], tmp_path: Path, path: str
) -> None:
    ann = log_in("ann")
    code = _new(ann)
    content = bytes(range(256)) * 20_000
    file = tmp_path / "file"
    file.write_bytes(content)
    for given in (content, file):
        request = schemas.PublishFile(code=code, path=path, media_type="text/html")
        published = ann.call(api.PUBLISH_FILE, request, given)
        assert (published.path, published.size) == (path, len(content))
        target = io.BytesIO()
        ann.download(schemas.FileNamed(code=code, path=path), target)
        assert target.getvalue() == content


def test_paths_that_lead_elsewhere_are_refused_by_name(log_in: Callable[[str], Transport]) -> None:
    ann = log_in("ann")
    code = _new(ann)
    for path in ("../x", "a/../../x", ".", "a/./b", "/etc/passwd", "a\\..\\b", ""):
        with pytest.raises(errors.BadRequest):
            ann.call(api.PUBLISH_FILE, schemas.PublishFile(code=code, path=path), b"x")


@pytest.mark.parametrize("name", ["a/b", "..", "../../accounts", "a\\b", "x\ny", " x", "a/"])
def test_a_bad_name_of_a_value_is_named_with_its_rule(
    log_in: Callable[[str], Transport], name: str
) -> None:
    ann = log_in("ann")
    code = ann.call(api.CREATE_SESSION, schemas.NewSession(label="x")).code
    for call in (
        lambda: ann.call(api.SET_SCRATCH, schemas.SetScratch(code=code, name=name, value=1)),
        lambda: ann.call(api.GET_SCRATCH, schemas.ScratchNamed(code=code, name=name)),
        lambda: ann.call(api.DELETE_SCRATCH, schemas.ScratchNamed(code=code, name=name)),
    ):
        with pytest.raises(errors.BadName) as caught:
            call()
        assert repr(name) in caught.value.message
        assert "without slashes" in (caught.value.hint or "")


def test_a_follower_sees_commands_as_they_come_until_the_role_is_revoked(
    log_in: Callable[[str], Transport],
) -> None:
    ann, bar = log_in("ann"), log_in("bar")
    code = _new(ann)
    _grant(ann, code, "bar")
    kinds: list[str] = []
    ended = threading.Event()

    def follow() -> None:
        for event in bar.follow(schemas.Follow(code=code)):
            kinds.append(event.kind)
        ended.set()

    thread = threading.Thread(target=follow)
    thread.start()
    until(lambda: _recorded_one(ann, code) and kinds)
    assert set(kinds) == {"command.recorded"}
    ann.call(api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["bar"]))
    assert ended.wait(STARTED_WITHIN)
    thread.join()


def _recorded_one(transport: Transport, code: str) -> bool:
    commands = [command(secrets.token_hex(4))]
    transport.call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=commands))
    return True


def test_logging_out_ends_the_key(url: str, log_in: Callable[[str], Transport]) -> None:
    ann = log_in("ann")
    login = logins.current()
    assert login is not None
    logins.log_out(login)
    with pytest.raises(errors.NotLoggedIn):
        ann.call(api.LIST_SESSIONS, schemas.ListSessions())
    with pytest.raises(errors.WrongPassword):
        logins.log_in(url, "ann", "not the password")
    assert logins.stored() == []


def test_commands_sent_while_the_server_is_killed_and_started_again_arrive_exactly_once() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(port) as process:
        _add_people()
        logins.log_in(url, "ann", PASSWORD)
        ann = resolve.transport()
        code = _new(ann)
        delivery = OutboxDelivery(ann, code, first_wait=0.02, longest_wait=0.2)
        names = _send_and_kill(delivery, "first", process)
    with serving(port) as process:
        names += _send_and_kill(delivery, "second", process)
    with serving(port):
        assert delivery.flush(STARTED_WITHIN)
        assert delivery.problem is None
        assert _sources(ann, code) == [f"run({name!r})" for name in names]
    assert delivery.close(5)
    ann.close()


def _send_and_kill(
    delivery: OutboxDelivery, prefix: str, process: subprocess.Popen[bytes]
) -> list[str]:
    """Send 200 commands, and kill the server while it takes them."""
    names = [f"{prefix}-{number}" for number in range(200)]
    for name in names:
        delivery.send(command(name, None))
        delivery.send(command(name))
        if name == names[150]:
            until(lambda: delivery.waiting < 100)
            process.kill()
    until(lambda: delivery.problem)
    return names


def test_commands_of_while_a_role_was_missing_arrive_when_it_is_granted(
    log_in: Callable[[str], Transport],
) -> None:
    ann, bar = log_in("ann"), log_in("bar")
    code = _new(ann)
    _grant(ann, code, "bar", "read")
    delivery = OutboxDelivery(bar, code, longest_hold=0.5)
    delivery.send(command("a"))
    assert not delivery.flush(20)
    assert "1 command is not recorded yet" in str(delivery.problem)
    assert "write" in str(delivery.problem)
    _grant(ann, code, "bar", "write")
    until(lambda: _sources(ann, code) == ["run('a')"])
    delivery.close(5)


def test_commands_of_while_a_session_was_disabled_arrive_when_it_is_enabled(
    log_in: Callable[[str], Transport],
) -> None:
    ann, bar = log_in("ann"), log_in("bar")
    code = _new(ann)
    _grant(ann, code, "bar", "write")
    ann.call(api.DISABLE_SESSION, schemas.SessionNamed(code=code))
    delivery = OutboxDelivery(bar, code, longest_hold=0.5)
    delivery.send(command("a"))
    until(lambda: delivery.problem)
    assert "1 command is not recorded yet: The owner has disabled this session." in str(
        delivery.problem
    )
    ann.call(api.ENABLE_SESSION, schemas.SessionNamed(code=code))
    assert delivery.flush(STARTED_WITHIN)
    page = ann.call(api.LIST_COMMANDS, schemas.ListCommands(code=code))
    assert [(one.number, one.user) for one in page.items] == [(1, "bar")]
    delivery.close(5)


# ---- in process


def test_the_same_delivery_records_in_process() -> None:
    transport = LocalTransport()
    code = _new(transport)
    delivery = OutboxDelivery(transport, code)
    for number in range(250):
        delivery.send(command(f"c{number}"))
    assert delivery.flush(STARTED_WITHIN)
    assert _sources(transport, code) == [f"run('c{number}')" for number in range(250)]
    assert delivery.close(5)
