"""Forks of a process that uses its own store: each child works, or gets a clear error at once.

The parent is a program of its own, as a kernel is: it records from several threads while it forks,
in every way that people fork.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_sessions import paths

#: Seconds within which a child must have done its work; the issue's hung without an end.
WITHIN = 60.0

#: The ways to make a child: `os.fork`, a process and a pool of multiprocessing, joblib's loky.
WAYS = ["fork", "process", "pool", "loky"]

PARENT = r"""
import concurrent.futures, json, multiprocessing, os, random, sys, threading, time
from datetime import UTC, datetime

from jupyter_sessions import api, connect, errors, schemas

ways, seed, within = json.loads(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
noise = random.Random(seed)
connection = connect()
session = connection.new("forks")
session.publish(b"x" * 100, as_="before.bin")
stop = threading.Event()
recorded = [0]


def recording(id_):
    now = datetime.now(UTC)
    return schemas.Recording(
        id=id_,
        request=schemas.CommandRequest(source=id_, started=now),
        response=schemas.CommandResponse(
            status="completed", outputs=[], finished=now, duration=0.0
        ),
    )


def record(who, count):
    for number in range(count):
        connection.call(
            api.RECORD_COMMANDS,
            schemas.RecordCommands(code=session.code, commands=[recording(f"{who}-{number}")]),
        )


def busy(who):
    number = 0
    while not stop.is_set():
        connection.call(
            api.RECORD_COMMANDS,
            schemas.RecordCommands(code=session.code, commands=[recording(f"{who}-{number}")]),
        )
        recorded[0] += 1
        number += 1


threads = [threading.Thread(target=busy, args=(f"busy{n}",)) for n in range(3)]
for thread in threads:
    thread.start()
while not recorded[0]:
    time.sleep(0.01)


def work(number):
    "What a child does: on what it inherited, and by a connection of its own."
    # A child that hangs is ended by the alarm, which no lock holds up.
    import signal

    signal.alarm(int(within))
    begun = time.monotonic()
    try:
        with connect() as own:
            mine = own.session(session.code)
            mine.publish(f"child {number}", as_=f"child{number}.txt")
            assert mine.files()
        assert connection.session(session.code).code == session.code
        record(f"child{number}", 2)
    except errors.SessionsError as error:
        return f"error: {error.message}", time.monotonic() - begun
    return "worked", time.monotonic() - begun


def by_fork(number):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            os.write(write, json.dumps(work(number)).encode())
        finally:
            # As a script ends, with all that is done at exit; and as multiprocessing's ends.
            if number % 2:
                sys.exit(0)
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(told) if told and not status else (f"hung: {status}", within)


def by_process(number):
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(work(number)))
    child.start()
    child.join(2 * within)
    return queue.get() if not child.exitcode else (f"hung: {child.exitcode}", within)


def by_pool(number):
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(work, number).result()
        except concurrent.futures.process.BrokenProcessPool:
            return "hung", within


def work_apart(number, code, within):
    "What a worker of loky does: it is a process of its own, and inherits nothing."
    import signal, time
    from datetime import UTC, datetime
    from jupyter_sessions import api, connect, errors, schemas

    signal.alarm(int(within))
    begun = time.monotonic()
    try:
        with connect() as own:
            session = own.session(code)
            session.publish(f"child {number}", as_=f"child{number}.txt")
            assert session.files()
            for each in range(2):
                now = datetime.now(UTC)
                id_ = f"child{number}-{each}"
                own.call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=[
                    schemas.Recording(
                        id=id_,
                        request=schemas.CommandRequest(source=id_, started=now),
                        response=schemas.CommandResponse(
                            status="completed", outputs=[], finished=now, duration=0.0
                        ),
                    )
                ]))
    except errors.SessionsError as error:
        return f"error: {error.message}", time.monotonic() - begun
    finally:
        signal.alarm(0)  # the worker is used again
    return "worked", time.monotonic() - begun


def by_loky(number):
    import joblib

    # A worker imports the package first, which a fork has behind it.
    (outcome,) = joblib.Parallel(n_jobs=2, backend="loky")(
        [joblib.delayed(work_apart)(number, session.code, 2 * within)]
    )
    return outcome


do = {"fork": by_fork, "process": by_process, "pool": by_pool, "loky": by_loky}
outcomes = []
for number, way in enumerate(ways):
    time.sleep(noise.random() * 0.01)
    outcomes.append((way, *do[way](number)))
stop.set()
for thread in threads:
    thread.join()
files = {file.path for file in session.files()}
page = connection.call(api.GET_SESSION, schemas.SessionNamed(code=session.code))
sound = [f"child{n}.txt" in files for n, (_, told, _) in enumerate(outcomes) if told == "worked"]
worked = sum(told == "worked" for _, told, _ in outcomes)
print(json.dumps({
    "outcomes": outcomes,
    "published": sum(sound),
    "commands": page.commands,
    "expected": recorded[0] + 2 * worked,
}))
"""


def run_forks(rounds: int, seed: int, database: str | None = None) -> dict[str, Any]:
    """Fork `rounds` children of a busy parent, and count what became of them.

    Parameters
    ----------
    rounds
        How many; of four children that follow each other, each is made in another way.
    seed
        Of the order of the ways, and of the pauses.
    database
        The URL of the parent's store; by default an SQLite file of its own.

    Returns
    -------
    dict
        How many ``worked``, got a clear ``error`` or ``hung``; the ``slowest`` in seconds; how many
        commands are in the session and how many were acknowledged; what SQLite says of its file.
    """
    noise = random.Random(seed)
    turns = [noise.sample(WAYS, len(WAYS)) for _ in range(-(-rounds // len(WAYS)))]
    ways = [way for turn in turns for way in turn][:rounds]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "JUPYTER_DATA_DIR": home}
        environment.pop("JUPYTER_SESSIONS_URL", None)
        environment.pop(paths.DATABASE_VARIABLE, None)
        if database is not None:
            environment[paths.DATABASE_VARIABLE] = database
        done = subprocess.run(
            [sys.executable, "-c", PARENT, json.dumps(ways), str(seed), str(WITHIN)],
            env=environment, capture_output=True, text=True, timeout=60 + rounds * WITHIN,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"the parent failed: {done.stderr[-3000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        sound = "ok"
        if database is None:
            (file,) = Path(home).rglob("*.db")
            sound = _integrity(file)
    outcomes = [outcome for _, outcome, _ in told["outcomes"]]
    counts = {
        "children": rounds,
        "worked": outcomes.count("worked"),
        "ways": sorted(set(ways)),
        "error": sum(each.startswith("error") for each in outcomes),
        "hung": sum(each.startswith("hung") for each in outcomes),
        "slowest": round(max(seconds for *_, seconds in told["outcomes"]), 2),
        "commands": told["commands"],
        "acknowledged": told["expected"],
        "integrity": sound,
        "stderr": done.stderr,
    }
    print(f"forks, seed {seed}: {counts}")
    return counts


def _integrity(database: Path) -> str:
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(database)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
