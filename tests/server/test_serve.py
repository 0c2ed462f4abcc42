"""What ``jupyter sessions serve`` says: where it serves, or in one sentence why it can't."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client.reachability import (
    explain_plain_http,
    explain_unreachable,
    find_outward_address,
)
from tests.server.serving import Place
from tests.waiting import STARTED_WITHIN, until

#: What is typed, the failure that it is, and what is said of it.
REFUSED: dict[str, tuple[type[errors.SessionsError], str]] = {
    "foo": (errors.BadRequest, "'foo' is not a valid option"),
    "--port=99999": (errors.BadPort, "99999 is not a valid port."),
    "--port=many": (
        errors.BadRequest,
        "'many' is not a valid value of --port: it must be a whole number.",
    ),
    "--port=": (errors.BadRequest, "'' is not a valid value of --port: it must be a whole number."),
    "--port": (errors.BadRequest, "The option --port needs a value: --port=VALUE."),
    "--ip": (errors.BadRequest, "The option --ip needs a value: --ip=VALUE."),
    "--foo": (errors.BadRequest, "There is no option --foo."),
    "--prot": (errors.BadRequest, "There is no option --prot. Did you mean --port?"),
    "-p": (errors.BadRequest, "There is no option -p."),
    "--debug=3": (errors.BadRequest, "The option --debug takes no value."),
    "--ip=localhost --ip=::1": (errors.BadRequest, "The option --ip can be given only once."),
    "--SessionsExtension.check_hours": (
        errors.BadRequest,
        "The option --SessionsExtension.check_hours needs a value",
    ),
    "--SessionsExtension.check_hours=daily": (
        errors.BadRequest,
        "'daily' is not a valid value of --SessionsExtension.check_hours: it must be a number.",
    ),
    "--prot=3": (errors.BadRequest, "Did you mean --port?"),
    "--ip=999.1.1.1": (errors.BadAddress, "'999.1.1.1' is not an address or name"),
    "--ip=192.0.2.77": (errors.BadAddress, "192.0.2.77 is not an address of this machine"),
    "--certfile=none.pem": (errors.BadRequest, "The certificate none.pem"),
    "--config=none.py": (errors.BadRequest, "The configuration file none.py does not exist"),
    "--public-url=here": (errors.BadRequest, "public_url is 'here'"),
    "--database=nonsense": (errors.StoreUnusable, "The database URL is not valid"),
    "--SessionsExtension.guests=maybe": (errors.BadRequest, "it must be True or False."),
    "--SessionsExtension.guest=True": (errors.BadRequest, "Did you mean --SessionsExtension.guest"),
    "--SessionsApp.guests=True": (errors.BadRequest, "Did you mean --SessionsExtension.guests?"),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """How a server ends by each of these, with what it says."""
    place = Place(tmp_path_factory.mktemp("place"))
    found = {}
    waiting = list(REFUSED)
    while waiting:
        batch, waiting = waiting[:4], waiting[4:]
        running = {
            typed: subprocess.Popen(
                [sys.executable, "-m", "jupyter_sessions", "serve", "--port=0", *typed.split()]
                if not typed.startswith("--port")
                else [sys.executable, "-m", "jupyter_sessions", "serve", typed],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                env=place.environment, cwd=place.folder,
            )
            for typed in batch
        }  # fmt: skip
        for typed, process in running.items():
            try:
                printed, _ = process.communicate(timeout=STARTED_WITHIN)
            finally:
                process.kill()
            found[typed] = process.returncode, printed
    return found


@pytest.mark.parametrize("typed", REFUSED)
def test_what_can_not_be_meant_is_one_sentence_and_an_exit_code(
    ended: dict[str, tuple[int, str]], typed: str
) -> None:
    error, said = REFUSED[typed]
    code, printed = ended[typed]
    assert code == error.exit_code, printed
    assert said in printed
    lines = [line for line in printed.splitlines() if not line.startswith(("[W ", "[I "))]
    assert len(lines) == 2, printed
    assert lines[0].startswith("Error: ")
    assert not re.search(r"\b(trait|instance|usage|argument|str|int)\b", lines[0])


def test_a_port_that_is_taken_is_an_error_that_names_who_has_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    place.folder.mkdir()
    with place.serve() as server:
        other = place.start(port=server.port)
        assert other.process.wait(STARTED_WITHIN) == errors.Conflict.exit_code
        printed = other.log.read_text()
        assert f"Port {server.port} is in use by your server at " in printed
        assert f"(process {server.process.pid})" in printed


def test_port_0_takes_any_that_is_free_and_says_which(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    place.folder.mkdir()
    log = place.folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_sessions", "serve", "--port=0", "--ip=0.0.0.0"],
            stdout=output, stderr=output, env=place.environment,
        )  # fmt: skip
    try:
        until(lambda: "press Ctrl-C" in log.read_text(), "the server")
        printed = log.read_text()
        port = int(re.findall(r"http://127\.0\.0\.1:([0-9]+)/sessions/", printed)[0])
        socket.create_connection(("127.0.0.1", port), STARTED_WITHIN).close()
        assert f"%session login NAME@http://{find_outward_address()}:{port}\n" in printed
        assert "unencrypted" in printed
    finally:
        process.terminate()
        assert process.wait(STARTED_WITHIN) == 0


def test_help_shows_our_own_defaults(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_sessions", "serve", "--help"],
        capture_output=True, text=True, cwd=tmp_path, timeout=STARTED_WITHIN,
    )  # fmt: skip
    assert done.returncode == 0
    shown = dict(re.findall(r"^--(\w+)=.*?Default: (\S+)$", done.stdout, re.MULTILINE | re.DOTALL))
    assert shown["port"] == "8765"
    assert shown["ip"] == "'localhost'"


def test_an_address_says_whether_other_machines_can_open_it() -> None:
    for own in ("http://localhost:8765", "http://127.0.0.1:1", "https://[::1]:2/team"):
        assert "Only this machine" in explain_unreachable(own)
    assert "may not know the name vm" in explain_unreachable("http://vm:8765")
    for good in ("https://sessions.example.org", "http://192.0.2.10:8765", "http://[2001:db8::1]"):
        assert explain_unreachable(good) == ""
    assert "unencrypted" in explain_plain_http("http://192.0.2.10:8765")
    assert explain_plain_http("https://192.0.2.10") == explain_plain_http("http://[::1]:1") == ""
