"""Content that its renderers can't stand costs the request that shows it, and nobody else."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any

import httpx
import pytest

from jupyter_sessions import api, schemas
from tests.server.conftest import Site
from tests.server.serving import error_of, publish, recording
from tests.waiting import STARTED_WITHIN, until

NESTED = "[" + ",".join(["[" * 480 + "]" * 480] * 200) + "]"
ENDLESS = f"\x1b[{'5' * 5_000}m after it"
PLAIN = "Shown as plain text"


def display(kind: str, value: Any) -> schemas.DisplayData:
    return schemas.DisplayData(data={kind: value}, metadata={})


def record(site: Site, code: str, source: str, *outputs: schemas.Output) -> int:
    """Record a command with these outputs, and return its number."""
    now = datetime.now(UTC)
    command = schemas.Recording(
        id=site.name(),
        request=schemas.CommandRequest(source=source, started=now),
        response=schemas.CommandResponse(
            status="completed", outputs=list(outputs), finished=now, duration=0.1
        ),
    )
    request = schemas.RecordCommands(code=code, commands=[command])
    number: int = site.store.call("writer", api.RECORD_COMMANDS, request).numbers[0]
    return number


def get(site: Site, path: str, who: str = "reader") -> httpx.Response:
    cookie = {"Cookie": f"{site.server.cookie}={site.keys[who]}"}
    return site.http.get(f"/sessions/{path}", headers=cookie, follow_redirects=True)


@pytest.fixture(scope="module")
def code(site: Site) -> str:
    return site.session()


def test_an_output_that_a_renderer_fails_on_costs_that_output_only(site: Site, code: str) -> None:
    nested: Any = json.loads("[" * 700 + "]" * 700)
    record(
        site,
        code,
        "first = 1",
        schemas.Stream(name="stdout", text=ENDLESS),
        display("text/plain", ENDLESS),
        schemas.ErrorOutput(ename="E", evalue=ENDLESS, traceback=[ENDLESS]),
        display("application/json", nested),
        display("text/markdown", "a" * 1_100_000),
        display("text/latex", "$" + "{" * 50_000 + "$"),
        display("text/plain", nested),
        display("image/png", "é"),
        display("image/jpeg", {"a": [nested]}),
        display("text/html", nested),
        display("text/markdown", 7),
        display("text/plain", f"{ENDLESS}\r{'x' * 1_100_000}"),
    )
    page = get(site, f"{code}/experiment")
    assert page.status_code == 200, page.text
    assert "after it" in page.text
    assert "the owner" in page.text
    number = site.ask("reader", api.GET_SESSION, code=code).json()["commands"]
    assert "after it" in get(site, f"{code}/experiment/commands/{number}").text
    for index in range(12):
        output = get(site, f"{code}/experiment/commands/{number}/outputs/{index}")
        assert output.status_code == 200, (index, output.text)
    assert PLAIN in get(site, f"{code}/experiment/commands/{number}/outputs/4").text
    assert "Only the beginning" in get(site, f"{code}/experiment/commands/{number}/outputs/11").text


def test_code_that_takes_too_long_is_shown_as_plain_text_and_says_so(site: Site, code: str) -> None:
    number = record(site, code, "before = 1" + "\n" * 10_000 + "after = 2")
    page = get(site, f"{code}/experiment/commands/{number}")
    assert "before = 1" in page.text and "after = 2" in page.text
    assert PLAIN in page.text
    other = record(site, code, "quick = 3")
    assert 'quick = <span class="mi">3</span>' in get(site, f"{code}/experiment").text
    assert PLAIN not in get(site, f"{code}/experiment/commands/{other}").text


def test_nested_json_is_shown_in_a_size_of_its_own_order(site: Site, code: str) -> None:
    number = record(site, code, "nested", display("application/json", json.loads(NESTED)))
    for address in (f"commands/{number}/outputs/0", f"json/response/{number}.json"):
        answer = get(site, f"{code}/experiment/{address}")
        assert answer.status_code == 200
        assert len(answer.content) < 10 * len(NESTED), address
    publish(site.store, code, "nested.json", NESTED.encode(), by="writer")
    assert len(get(site, f"{code}/experiment/preview/nested.json").content) < 10 * len(NESTED)


@pytest.mark.parametrize(
    "cells",
    [
        [{"cell_type": "code", "source": {}, "outputs": [{"output_type": "stream", "text": 3}]}],
        [{"cell_type": "code", "outputs": [{"output_type": "error", "traceback": 7}]}],
        [{"cell_type": "code", "outputs": [{"data": {"image/png": {"a": []}, "text/plain": 1}}]}],
        [{"cell_type": [], "source": [1, None], "execution_count": "9"}],
        [{"cell_type": "code", "outputs": [{"output_type": "stream", "text": ENDLESS}]}],
        [{"cell_type": "markdown", "source": "![" * 100_000}],
        [{"cell_type": "code", "outputs": {"data": 1}, "source": None}],
    ],
)  # fmt: skip
def test_a_notebook_of_any_form_shows_its_other_cells(
    site: Site, code: str, cells: list[Any]
) -> None:
    sound = {"cell_type": "code", "source": "sound = 1", "outputs": []}
    notebook = {"cells": [*cells, sound], "metadata": {"kernelspec": [], "language_info": 3}}
    path = f"{site.name()}.ipynb"
    publish(site.store, code, path, json.dumps(notebook).encode(), by="writer")
    page = get(site, f"{code}/experiment/preview/{path}")
    assert page.status_code == 200
    assert 'sound = <span class="mi">1</span>' in page.text


def health(site: Site) -> float:
    """Return how long the server takes to say that it is well."""
    started = time.monotonic()
    assert site.http.get("/sessions/api/health").status_code == 200
    return time.monotonic() - started


@pytest.fixture
def floods(site: Site, code: str) -> Iterator[list[str]]:
    """Have the addresses of eight outputs that take all the time that they are given."""
    outputs = [
        *(display("text/markdown", "![" * (200_000 + i)) for i in range(4)),
        *(display("text/markdown", f"{'*a **b ' * 80_000}{i}") for i in range(4)),
    ]
    number = record(site, code, "flood", *outputs)
    url = site.view("writer", code, command=number).removeprefix(site.server.url)
    yield [f"{url}{index}" for index in range(len(outputs))]


def test_others_are_answered_while_hostile_content_is_rendered(
    site: Site, code: str, floods: list[str]
) -> None:
    answers: list[int] = []

    def show(address: str) -> None:
        with httpx.Client(base_url=site.server.url, timeout=120) as http:
            answers.append(http.get(address).status_code)

    before = median(health(site) for _ in range(20))
    threads = [threading.Thread(target=show, args=(address,)) for address in floods]
    for thread in threads:
        thread.start()
    waits = []
    while any(thread.is_alive() for thread in threads):
        waits.append(health(site))
        assert get(site, f"{code}/experiment/commands/1").status_code == 200
    assert answers == [200] * 8
    # Rendered in the server's process, each of these held it up for seconds.
    assert len(waits) > 8
    assert median(waits) < 0.5 + 10 * before, (before, waits)


def test_what_nobody_waits_for_is_not_rendered(site: Site, code: str) -> None:
    outputs = [display("text/markdown", f"{'![' * 300_000}{i}") for i in range(20)]
    number = record(site, code, "abandoned", *outputs)
    url = site.view("owner", code, command=number).removeprefix(site.server.url)
    started = time.monotonic()
    assert site.http.get(f"{url}0", timeout=STARTED_WITHIN).status_code == 200
    one = time.monotonic() - started
    for index in range(1, 20):
        with site.server.connect() as connection:
            request = f"GET {url}{index} HTTP/1.1\r\nHost: {site.server.url[7:]}\r\n\r\n"
            connection.sendall(request.encode())
            time.sleep(0.02)
            connection.shutdown(socket.SHUT_RDWR)
    # All of them would take a worker nineteen times as long; the owner has one at a time.
    started = time.monotonic()
    sound = record(site, code, "x", display("text/markdown", f"*{site.name()}*"))
    page = get(site, f"{code}/experiment/commands/{sound}/outputs/0", who="owner")
    assert "<em>" in page.text
    assert time.monotonic() - started < 3 + 10 * one
    until(lambda: site.http.get("/sessions/api/health").status_code == 200)


GET = b"""<methodCall><methodName>commands.get</methodName><params>
<param><value><int>%d</int></value></param></params></methodCall>"""
SIZE = 14_000_000


def repeat(piece: bytes, last: bytes = b"") -> bytes:
    return piece * (SIZE // len(piece)) + (last or piece.rstrip(b","))


def bundle(data: bytes) -> bytes:
    return b'{"output_type":"display_data","data":{%b},"metadata":{}}' % data


#: Outputs that are small as text and large as Python objects.
TAKEN = {
    "arrays": bundle(b'"application/json":[%b]' % repeat(b"[],")),
    "objects": bundle(b'"application/json":[%b]' % repeat(b'{"a":{}},')),
    "outputs": repeat(b'{"output_type":"stream","name":"","text":""},'),
}
REFUSED = {
    "lines": b'{"output_type":"stream","name":"stdout","text":[%b]}' % repeat(b'"ab",'),
    "media types": bundle(b",".join(b'"%07d":0' % number for number in range(SIZE // 12))),
}


@contextmanager
def measured(site: Site) -> Iterator[list[float]]:
    """Ask the server how it is while something runs, and give how long it took to answer."""
    done, waits = threading.Event(), list[float]()

    def ask() -> None:
        while not done.is_set():
            waits.append(health(site))
            time.sleep(0.005)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


@pytest.fixture(scope="module")
def held() -> float:
    """Give how long a process is held up in which such a command is decoded."""
    half = b"[%b]" % repeat(b"[],")[: SIZE // 2].rpartition(b",")[0]
    started = time.monotonic()
    json.loads(half)
    return 2 * (time.monotonic() - started)


@pytest.mark.parametrize("name", [*TAKEN, *REFUSED])
def test_nobody_waits_while_a_command_of_millions_of_values_is_recorded_and_read(
    site: Site, name: str, held: float
) -> None:
    code, outputs = site.session(), (TAKEN | REFUSED)[name]
    command = json.dumps(recording("many")).encode()
    command = command.replace(b'"outputs": []', b'"outputs":[%b]' % outputs)
    reader, writer = site.headers("reader"), site.headers("writer")
    ours, page = f"/sessions/api/sessions/{code}", f"/sessions/{code}/experiment"
    with httpx.Client(base_url=site.server.url, timeout=STARTED_WITHIN) as http:
        with measured(site) as waits:
            taken = http.post(
                f"{ours}/commands", content=b'{"commands":[%b]}' % command, headers=writer
            )
        assert max(waits) < held / 2, (held, waits)
        if name in REFUSED:
            assert taken.status_code == 400
            assert "more than" in error_of(taken)["message"]
            return
        (number,) = taken.json()["numbers"]
        call = GET % number
        for ask in (
            lambda: http.get(f"{ours}/commands/{number}", headers=reader),
            lambda: http.post(f"{ours}/resume", json={}, headers=reader),
            lambda: http.get(f"{page}/json/response/{number}.json", headers=reader),
        ):
            with measured(site) as waits:
                answer = ask()
            assert outputs in answer.content
            assert max(waits) < held / 2, (held, waits)
        with measured(site) as waits:
            shown = http.get(f"{page}/commands/{number}", headers=reader)
            text = {"Content-Type": "text/xml"}
            fault = http.post(f"{ours}/xmlrpc", content=call, headers=reader | text)
        assert shown.status_code == 200
        assert "too many for XML-RPC" in fault.text
        assert max(waits) < held / 2, (held, waits)
