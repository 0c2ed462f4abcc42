"""Large content on disk: the same bytes, wherever they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_sessions import local_files, schemas
from jupyter_sessions.client.outbox.journal import Journal, encoded
from jupyter_sessions.client.outbox.journal_file import Destination
from jupyter_sessions.client.transports.http import _as_json
from jupyter_sessions.recorder.outputs import OutputArea
from jupyter_sessions.schemas.encoded import (
    EncodedOutput,
    encode_in_parts,
    encode_recording,
    is_encoded,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="mapped files can't be truncated there")

MARK = '"\x00" "\\u0000" "'
IMAGE = "iVBORw0KGgo" * 200_000


def display(image: str, **metadata: Any) -> schemas.DisplayData:
    return schemas.DisplayData(
        data={"image/png": image, "text/plain": f"<Image {MARK}>"}, metadata=metadata
    )


EVERY: list[schemas.Output] = [
    schemas.Stream(name=MARK, text=f"text {MARK} ä𝔸"),
    schemas.Stream(name="stdout", text=["a\n", MARK]),
    display("AAAA", width=3, mark=MARK),
    schemas.DisplayData(data={}, metadata={}),
    schemas.ExecuteResult(
        data={"": None, "application/json": {"a": [1, None]}},
        metadata={"a": MARK},
        execution_count=None,
    ),
    schemas.ErrorOutput(ename=MARK, evalue=MARK, traceback=[MARK, "ä"]),
]


def recording(*found: Any, **more: Any) -> schemas.Recording:
    now = datetime.now(UTC)
    return schemas.Recording(
        id="a",
        request=schemas.CommandRequest(source=f"show() # {MARK}", started=now),
        response=schemas.CommandResponse(
            status="completed", outputs=list(found), finished=now, duration=0.0, note=MARK
        ),
        **more,
    )


def to_encoded(output: schemas.Output) -> Any:
    return msgspec.json.decode(msgspec.json.encode(output), type=EncodedOutput)


def test_content_is_the_same_on_disk_also_after_its_memory_was_released() -> None:
    content = os.urandom(5_000_001)
    view = local_files.spool([content[:7], content[7:]])
    assert view is not None
    local_files.release_memory()
    assert bytes(view) == content
    pieces = [*local_files.split_pieces([b"head", view, b"", b"tail"])]
    assert b"".join(pieces) == b"head" + content + b"tail"
    assert max(map(len, pieces)) <= local_files.PIECE


def test_a_part_of_a_file_is_that_part(tmp_path: Path) -> None:
    content = os.urandom(100_000)
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb") as file:
        view = local_files.map_file(file, 70_001, 20_000)
    assert view is not None
    assert bytes(view) == content[70_001:90_001]


def test_without_a_disk_content_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_files.paths, "home", lambda: Path("/nowhere"))
    assert local_files.spool([b"content"]) is None
    area = OutputArea(1 << 30)
    for number in range(5):
        area.add(display(IMAGE, number=number), len(IMAGE))
    assert area.to_outputs() == [display(IMAGE, number=number) for number in range(5)]


@pytest.mark.parametrize("number", range(len(EVERY) + 1))
def test_encoded_in_parts_outputs_are_the_json_that_they_are_as_a_whole(number: int) -> None:
    found = [EVERY, [to_encoded(each) for each in EVERY]][number % 2]
    some = found[:number]
    assert b"".join(encode_in_parts(some)) == msgspec.json.encode(some)
    mixed = [*some, to_encoded(EVERY[0]), *EVERY[:number]]
    assert b"".join(encode_in_parts(mixed)) == msgspec.json.encode(mixed)
    for each in (recording(*mixed), recording(*some)):
        assert b"".join(encode_recording(each)) == msgspec.json.encode(each)
        body = {"commands": [each, each]}
        assert b"".join(_as_json(body)) == msgspec.json.encode(body)


def test_values_that_json_has_not_are_written_as_before_beside_encoded_outputs() -> None:
    odd = schemas.Stream(name="stdout", text="half \ud800")
    parts = b"".join(encode_recording(recording(odd, to_encoded(EVERY[2])), encoded))
    read = msgspec.json.decode(parts, type=schemas.Recording)
    assert read.response is not None
    assert read.response.outputs == [schemas.Stream(name="stdout", text="half ?"), EVERY[2]]


def test_many_and_large_outputs_of_a_command_go_to_the_disk_and_are_the_same() -> None:
    area = OutputArea(1 << 30)
    expected: list[schemas.Output] = []
    for number in range(20):
        image = display(IMAGE + str(number), number=number, mark=MARK)
        area.add(image, len(IMAGE), display_id=f"d{number}")
        expected.append(image)
    area.write("stdout", "text between")
    expected.append(schemas.Stream(name="stdout", text="text between"))
    result = schemas.ExecuteResult(
        data={"text/plain": "ä𝔸\n" * 3_000_000}, metadata={}, execution_count=3
    )
    area.add(result, 24_000_000)
    expected.append(result)
    half = display("\ud800" + IMAGE)
    area.add(half, 9_000_000)
    area.update("d3", display("small"), 5)
    expected[3] = display("small")
    found = area.to_outputs()
    assert [is_encoded(each) for each in found].count(True) >= 17
    assert found[-1] == half, "what JSON can't represent stays as it is"
    assert msgspec.json.decode(msgspec.json.encode(found[:-1]), type=list[schemas.Output]) == (
        expected
    )
    area.clear(wait=False)
    assert area.to_outputs() == []
    assert area.size == 0


def test_few_outputs_stay_in_memory() -> None:
    area = OutputArea(1 << 30)
    area.add(display(IMAGE), len(IMAGE))
    for _ in range(20):  # an animation
        area.update("d", display(IMAGE), len(IMAGE))
    assert not any(map(is_encoded, area.to_outputs()))


def test_a_journal_has_a_large_recording_as_one_line_as_it_always_had(own_store: None) -> None:
    journal = Journal(Destination(None, "ann", "1" * 22))
    area = OutputArea(1 << 30)
    for number in range(5):
        area.add(display(IMAGE, number=number), len(IMAGE))
    told = recording(*area.to_outputs(), version=1)
    journal.append(told)
    assert journal.path is not None
    written = journal.path.read_bytes()
    assert written.splitlines()[1] == msgspec.json.encode(told)
    assert written.count(b"\n") == 2
    (slot,) = journal.head(1, 1)
    viewed = journal.view(slot)
    assert isinstance(viewed, memoryview)
    assert bytes(viewed) == journal.read(slot) == msgspec.json.encode(told)
    journal.settle([slot])
    journal.close()


_RECORD = """
import json, sys, threading, time
from datetime import UTC, datetime
from pathlib import Path
from jupyter_sessions import api, schemas
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.recorder.tracker import Tracker

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [each for each in lines if each.startswith(name)]
    return int(line.split()[1]) / 1000

own, image = LocalTransport(), "iVBORw0KGgo" * 95_000  # 1 MB
code = own.call(api.CREATE_SESSION, schemas.NewSession()).code
delivery, tracker = OutboxDelivery(own, code), Tracker()
request = schemas.CommandRequest(source="show()", started=datetime.now(UTC))
Path("/proc/self/clear_refs").write_text("5")
idle = resident("VmRSS")
tracker.open("a", request, 0.0)
for number in range(int(sys.argv[1])):
    shown = schemas.DisplayData(data={"image/png": f"{number}{image}"}, metadata={})
    tracker.add("a", shown, len(image))
tracker.end("a", 1.0)
for recording in tracker.take_due(2.0, everything=True):
    delivery.send(recording)
delivered = delivery.flush(60)
peak = resident("VmHWM") - idle
problem = delivery.problem
delivery.close(5)
command = own.call(api.GET_COMMAND, schemas.CommandNamed(code=code, number=1))
same = [each.data["image/png"] for each in command.response.outputs] == [
    f"{number}{image}" for number in range(int(sys.argv[1]))
]
print(json.dumps({"delivered": delivered, "problem": problem, "peak": peak, "same": same}))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_recording_images_needs_little_more_memory_than_their_json_once(own_store: None) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RECORD, "100"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["delivered"], told
    assert told["same"]
    # It took four times their JSON's 105 MB. One time are pages of the journal's file.
    assert told["peak"] < 160, told
