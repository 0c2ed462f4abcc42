"""How the recording of a kernel goes on from what an earlier process has delivered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_sessions import schemas
from jupyter_sessions.server.recording import protocol
from jupyter_sessions.server.recording.recording import leave_out_delivered

NOW = datetime.now(UTC)


def message(name: str, kind: str = "stream") -> list[bytes]:
    """Make a message of request a as it comes over a socket."""
    header = f'{{"msg_id": "{name}", "msg_type": "{kind}"}}'.encode()
    return [b"topic", b"<IDS|MSG>", b"signature", header, b'{"msg_id": "a"}', b"{}", b"{}"]


def run(name: str, kernel: str, *outputs: str, last_message: str) -> schemas.Recording:
    """Make what was delivered of a running command."""
    started = datetime(2026, 11, 30, 12, tzinfo=UTC)
    return schemas.Recording(
        id=f"{name}~1",
        request=schemas.CommandRequest(source="s", started=started, kernel=kernel),
        so_far=schemas.SoFar(
            outputs=[schemas.Stream(name="stdout", text=each) for each in outputs],
            until=started,
            last_message=last_message,
        ),
    )


@pytest.mark.parametrize(
    ("last_message", "left", "missing"),
    [
        ("4", ["1", "5"], set()),  # what was dropped, and messages 3 and 4, were delivered
        ("2", ["1", "3", "4", "5"], {"a"}),  # it was dropped, and perhaps later ones
        ("1", ["1", "3", "4", "5"], {"a"}),  # nothing but the start was delivered
    ],
)
def test_outputs_that_were_delivered_are_not_replayed(
    last_message: str, left: list[str], missing: set[str]
) -> None:
    messages = [message("1", "execute_input")]
    messages += [message(name) for name in ("3", "4", "5")]
    request = protocol.Replay(kernel="k", messages=messages, had_until=NOW, dropped=["a"])
    running = [run("a", "k", "begins", last_message=last_message)]
    found, told = leave_out_delivered(request, running)
    assert [each[3].split(b'"')[3].decode() for each in found] == left
    assert told == missing
