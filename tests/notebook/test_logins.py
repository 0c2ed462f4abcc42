"""Logins of kernels: each its own, and kept alive while the kernel computes."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.conftest import Serve, Served
from tests.notebook.conftest import Start
from tests.notebook.test_sharing import PASSWORD, add, log_in


@pytest.fixture
def server(serve: Serve) -> Served:
    add("bar", "foo")
    return serve("--ServerApp.allow_root=True")


def last_used(user: str) -> Any:
    (login,) = LocalTransport().call(api.LIST_LOGINS, schemas.ListLogins(user=user)).items
    return login.last_used


def test_kernels_with_one_home_have_logins_of_their_own_and_so_has_what_they_start(
    start: Start, server: Served
) -> None:
    one = start("home", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    other = start("home", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(one, "bar", server)
    log_in(other, "foo", server)
    for kernel, user in ((one, "bar"), (other, "foo")):
        (current,) = (
            each
            for each in json.loads(kernel.good("%session logins --json").text)["items"]
            if each["current"]
        )
        assert current["user"] == user
        started = kernel.good(f"!{sys.executable} -m jupyter_sessions logins --json").text
        items = json.loads(started)["items"]
        assert [each["user"] for each in items if each["current"]] == [user]
    one.good(f"%session switch foo@{server.url} --here")
    shown = one.good("%session logins").html
    assert "foo" in shown
    assert "(2 rows)" in shown


def test_a_computation_does_not_hold_up_what_keeps_the_login_alive(
    start: Start, server: Served
) -> None:
    kernel = start("home", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(kernel, "bar", server)
    assert "while this kernel lives" in kernel.good("%session keepalive -f 1").text
    # One step of C code after another that lets no thread of the kernel run.
    said = kernel.good(
        "import re, time\n"
        "begin, steps = time.time(), 20\n"
        "while time.time() - begin < 8:\n"
        "    step = time.time()\n"
        "    re.match(r'(a+)+$', 'a' * steps + 'b')\n"
        "    steps += time.time() - step < 2\n"
        "print(begin, time.time())"
    ).text
    begin, end = map(float, said.split())
    assert begin < last_used("bar").timestamp() < end + 60
    assert "no longer kept alive" in kernel.good("%session keepalive --stop").text
    after = last_used("bar")
    while time.sleep(0.5) or after != (after := last_used("bar")):
        pass  # a request that was on its way
    kernel.good("import time; time.sleep(3)")
    assert last_used("bar") == after


def test_a_key_stands_in_no_record(start: Start, server: Served) -> None:
    kernel = start("home", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(kernel, "bar", server)
    kernel.good("%session new private")
    assert "add --show" in kernel("%session key").text
    key = kernel.good("%session key --show").text.strip()
    assert key.startswith("jses_")
    listed = kernel.good("%session history --json").text
    assert "session key" not in listed
    assert key not in listed


def test_who_logs_out_while_recording_is_told_where_it_goes(start: Start, server: Served) -> None:
    kernel = start("home", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(kernel, "bar", server)
    kernel.good("%session new Weather")
    kept = f"kept on disk until you log in to {server.url} as bar again"
    kernel.good(f"%session login -C bar@{server.url}")
    assert kept not in kernel.good("%session logout").text  # another login of bar's is stored
    assert kept in kernel.good("%session clear --all").text
    kernel.good("rain = 1226")
    refused = kernel("%session history").text
    assert f"It was the login of bar at {server.url}" in refused
    waits = kernel.good("%session outbox").text
    assert "not recorded yet: This login was ended" in waits
    log_in(kernel, "bar", server)
    assert "rain = 1226" in kernel.good("%session history").text
    kernel.good("%session detach")
    assert kept not in kernel.good("%session logout").text
