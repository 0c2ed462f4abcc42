"""Whatever is given out for others says whether they can reach the server, and what to do."""

from __future__ import annotations

import os

import msgspec
import pytest

from jupyter_sessions import paths
from jupyter_sessions.client.local_servers import RunningServer
from tests.cli.conftest import Program
from tests.conftest import PASSWORD

HERE, JUPYTER, ELSEWHERE = "http://localhost:8765", "http://localhost:8888", "http://192.0.2.7:8766"
GIVEN_OUT = ("invite", "share bar:read", "http-url", "xmlrpc-url", "web --no-browser")


def run_server(url: str, *, kernels: str = "") -> None:
    """Leave what a server on the own store leaves for other processes to find it."""
    server = RunningServer(url, os.getpid(), paths.own_database(), kernels)
    name = f"{url.rpartition(':')[2]}.json"
    (paths.make_private_folder("servers") / name).write_bytes(msgspec.json.encode(server))


@pytest.fixture
def shared(program: Program) -> Program:
    program.good("new", "Weather")
    program.good("account", "add", "bar", "--password-stdin", input=PASSWORD)
    return program


def give_out(program: Program, typed: str) -> str:
    ran = program(*typed.split())
    return ran.out + ran.err


@pytest.mark.parametrize("typed", GIVEN_OUT)
def test_a_server_for_this_machine_only_is_said_to_be_one(shared: Program, typed: str) -> None:
    run_server(HERE)
    printed = give_out(shared, typed)
    assert "Only this machine can open this address." in printed
    assert "jupyter sessions serve --ip=0.0.0.0" in printed


@pytest.mark.parametrize("typed", GIVEN_OUT)
def test_of_several_servers_it_is_the_one_that_others_reach(shared: Program, typed: str) -> None:
    run_server(JUPYTER, kernels=JUPYTER)
    run_server(HERE)
    run_server(ELSEWHERE)
    printed = give_out(shared, typed)
    assert "Only this machine" not in printed
    assert HERE not in printed
    assert JUPYTER not in printed
    assert ELSEWHERE in printed or typed.startswith("share")


def test_without_a_server_nobody_is_left_to_find_out(shared: Program) -> None:
    for typed in ("invite", "share bar:read", "web --no-browser"):
        assert "No server is running on this store" in give_out(shared, typed)
