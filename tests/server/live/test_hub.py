"""The live view: nothing lost, nothing twice, nothing to those who may not see it any more."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import Store
from tests.server.conftest import Site
from tests.server.handlers.test_capability import (
    disable_account,
    disable_session,
    lessen,
    log_out,
    remove_account,
    remove_session,
    revoke,
    set_password,
)
from tests.server.serving import (
    HANDSHAKE,
    Place,
    Server,
    address,
    bearer,
    error_of,
    key_for,
    publish,
    recording,
    status_of,
    until,
)

FOLLOWERS = 100


class Live:
    """A follower."""

    def __init__(self, server: Server, code: str, key: str, after: int | None = 0) -> None:
        query = "" if after is None else f"?after={after}"
        url = f"ws://127.0.0.1:{server.port}" + address(api.FOLLOW_EVENTS, {"code": code}) + query
        self.socket = websocket.create_connection(url, header=bearer(key), timeout=60)

    def next(self) -> dict[str, Any] | int:
        """Return the next event, or the code with which the server closes."""
        opcode, data = self.socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2])
        event: dict[str, Any] = json.loads(data)
        return event

    def up_to(self, number: int) -> list[int]:
        """Return the numbers of all events up to one of them."""
        seen: list[int] = []
        while not seen or seen[-1] != number:
            event = self.next()
            assert isinstance(event, dict), f"closed with {event} after {seen[-1:]}"
            seen.append(event["number"])
        return seen


@contextmanager
def following(site: Site, who: str, code: str, after: int | None = 0) -> Iterator[Live]:
    live = Live(site.server, code, site.keys[who], after)
    try:
        yield live
    finally:
        live.socket.shutdown()


def newest(site: Site, code: str) -> int:
    number: int = site.ask("owner", api.GET_SESSION, code=code).json()["events"]
    return number


def test_a_follower_is_told_what_others_do_here_and_in_other_processes(site: Site) -> None:
    code = site.session()
    start = newest(site, code)
    with following(site, "reader", code, None) as live:
        site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[recording("http", "here")])
        event = live.next()
        assert isinstance(event, dict)
        assert (event["number"], event["kind"]) == (start + 1, "command.recorded")
        assert (event["user"], event["command"]["source"]) == ("writer", "here")
        # This process works on the same file.
        site.store.record(code, "elsewhere", by="owner")
        event = live.next()
        assert isinstance(event, dict)
        assert (event["number"], event["command"]["source"]) == (start + 2, "elsewhere")
        publish(site.store, code, "live/x.txt", b"x", by="writer")
        event = live.next()
        assert isinstance(event, dict)
        assert (event["kind"], event["data"]["path"]) == ("file.published", "live/x.txt")
        site.store.grant(code, "spare", "read", by="owner")
        event = live.next()
        assert isinstance(event, dict)
        assert event["kind"] == "member.granted"


def test_a_follower_who_comes_back_after_a_kill_has_lost_and_repeated_nothing(place: Place) -> None:
    seen: list[int] = []
    with place.open_store() as store:
        code, key = store.new().code, key_for(store, "root")
        for round_ in range(3):
            with place.serve() as server:
                live = Live(server, code, key, seen[-1] if seen else 0)
                for index in range(20):
                    store.record(code, f"{round_} {index}")
                seen += live.up_to(seen[-1] + 5 if seen else 5)
                # The rest is on its way, or was sent and not read.
                server.stop(signal.SIGKILL)
                live.socket.shutdown()
            store.record(code, "while the server was away")
        with place.serve() as server:
            last = store.call("root", api.GET_SESSION, schemas.SessionNamed(code=code)).events
            seen += Live(server, code, key, seen[-1]).up_to(last)
    assert seen == list(range(1, last + 1))


ENDS: tuple[tuple[Callable[[Site, str, str], None], int], ...] = (
    (revoke, 4404),
    (lessen, 4403),
    (log_out, 4401),
    (disable_account, 4401),
    (remove_account, 4401),
    (set_password, 4401),
    (disable_session, 4403),
    (remove_session, 4404),
)


@pytest.mark.parametrize(("end", "closed"), ENDS, ids=lambda value: getattr(value, "__name__", ""))
def test_who_may_not_follow_any_more_is_closed_out_and_told_nothing_further(
    site: Site, end: Callable[[Site, str, str], None], closed: int
) -> None:
    code, name = site.session(), site.account()
    site.store.grant(code, name, "read", by="owner")
    with following(site, name, code) as live, following(site, "owner", code) as owner:
        known = newest(site, code)
        live.up_to(known)
        end(site, code, name)
        last = newest_seen = known
        if closed not in {4404, 4403} or end in {revoke, lessen}:
            site.store.record(code, "a secret", by="owner")
            newest_seen = newest(site, code)
        told = []
        while isinstance(event := live.next(), dict):
            told.append(event)
        assert event == closed
        assert told == []
        # Those who still may, go on.
        if newest_seen > last:
            owner.up_to(newest_seen)


def test_what_ends_a_login_is_seen_before_any_later_event(store: Store) -> None:
    """Both may be new at one look: the end of the login is no event of the session."""
    store.add("foo")
    code = store.new().code
    store.grant(code, "foo", "read")
    foo = store.credentials("foo")
    session_id, after, _ = store.dispatcher.follow(schemas.Follow(code=code), foo).result()

    def advance(after: int) -> Any:
        return store.dispatcher.advance(session_id, code, after, [foo], check=False).result()

    store.record(code, "seen")
    progress = advance(after)
    assert [event.number for event in progress.events] == [after + 1]
    assert not progress.refused
    store.call("root", api.DISABLE_ACCOUNT, schemas.AccountNamed(name="foo"))
    store.record(code, "a secret")
    assert isinstance(advance(after + 1).refused.get(foo), errors.NotLoggedIn)


def test_a_hundred_followers_are_told_everything_in_order(site: Site) -> None:
    code = site.session()
    start = newest(site, code)
    with ExitStack() as stack:
        people = ["reader", "writer", "admin", "owner"]
        lives = [
            stack.enter_context(following(site, people[index % 4], code, start))
            for index in range(FOLLOWERS)
        ]
        for index in range(10):
            commands = [recording(f"{index}-{n}") for n in range(5)]
            site.ask("writer", api.RECORD_COMMANDS, code=code, commands=commands)
        for live in lives:
            assert live.up_to(start + 50) == list(range(start + 1, start + 51))


def test_a_follower_who_does_not_keep_up_is_cut_off_and_others_are_not(site: Site) -> None:
    code = site.session()
    start = newest(site, code)
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.settimeout(60)
    slow.connect(("127.0.0.1", site.server.port))
    headers = HANDSHAKE | site.headers("reader") | {"Host": f"127.0.0.1:{site.server.port}"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    path = address(api.FOLLOW_EVENTS, {"code": code}) + f"?after={start}"
    slow.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    assert b" 101 " in slow.recv(100)
    text = "x" * 2000
    rounds, size = 30, 500
    with following(site, "owner", code, start) as quick:
        for index in range(rounds):
            first = start + 1 + index * size
            commands = [recording(f"{index}-{n}", text, text) for n in range(size)]
            answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=commands)
            assert answer.status_code == 200
            assert quick.up_to(first + size - 1) == list(range(first, first + size))
    read = 0
    try:
        while piece := slow.recv(1 << 20):
            read += len(piece)
    except ConnectionResetError:
        pass
    finally:
        slow.close()
    # All of it is far more than this: the rest was not kept for who does not take it.
    assert read < 20 * 2**20


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=1&after=2", "nonsense=1", "after=99999999999999999999"]
)
def test_a_live_view_of_nonsense_is_refused_in_the_one_form(site: Site, query: str) -> None:
    path = address(api.FOLLOW_EVENTS, {"code": site.session()}) + f"?{query}"
    answer = site.server.exchange("GET", path, HANDSHAKE | site.headers("reader"))
    assert status_of(answer) == 400
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "bad_request"


def test_a_plain_request_for_the_live_view_is_told_what_it_is(site: Site) -> None:
    path = address(api.FOLLOW_EVENTS, {"code": site.session()})
    answer = site.http.get(path, headers=site.headers("reader"))
    assert answer.status_code == 400
    assert "WebSocket" in error_of(answer)["message"]


def test_a_place_that_is_not_reached_yet_begins_with_what_comes_next(site: Site) -> None:
    code = site.session()
    with following(site, "reader", code, 10**6) as live:
        site.store.record(code, "next", by="owner")
        event = live.next()
        assert isinstance(event, dict)
        assert event["command"]["source"] == "next"


def test_who_is_closed_out_and_does_not_go_costs_nothing(site: Site) -> None:
    code, name = site.session(), site.account()
    site.store.grant(code, name, "read", by="owner")

    def worked() -> int:
        stat = Path(f"/proc/{site.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(stat[11]) + int(stat[12])  # in ticks of 10 ms

    headers = HANDSHAKE | site.headers(name) | {"Host": f"127.0.0.1:{site.server.port}"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with site.server.connect() as silent:
        path = address(api.FOLLOW_EVENTS, {"code": code})
        silent.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        assert b" 101 " in silent.recv(100)
        revoke(site, code, name)
        until(lambda: b"no_such_session" in silent.recv(1000), "the close")
        before = worked()
        time.sleep(1)
        assert worked() - before < 30


def test_what_a_follower_says_is_let_go(site: Site) -> None:
    code = site.session()
    with following(site, "reader", code, None) as live:
        live.socket.send("{")
        live.socket.send_binary(bytes(1000))
        live.socket.ping("x")
        site.store.record(code, "next", by="owner")
        event = live.next()
        while isinstance(event, dict) and event.get("kind") != "command.recorded":
            event = live.next()
        assert isinstance(event, dict)


def test_events_carry_no_key_and_no_password(site: Site) -> None:
    name = site.account()
    code = site.store.new(name).code
    credentials = site.store.credentials(name)
    assert isinstance(credentials, KeyHolder)
    listed = site.ask(name, api.LIST_EVENTS, code=code)
    assert credentials.key not in listed.text
