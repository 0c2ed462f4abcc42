"""A megabyte of anything, in every renderer: a second of a worker's time, and an answer."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import psutil

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering.code import LANGUAGES, LONGEST_HIGHLIGHTED
from jupyter_sessions.server.rendering.workers.pool import PoolLimits, WorkerPool
from jupyter_sessions.server.rendering.workers.protocol import KILLED, Job, Rendered

SIZE = 1_000_000
#: Seconds of processor time past its limit that a job may take, to be read and answered.
_BESIDES = 0.6

#: What makes renderers slow, once it is repeated: what opens and is never closed, above all.
_OPENERS = (
    # Formulas, Markdown, HTML
    "\\[ \\( \\begin{a} \\begin{b} \\end{a} \\end{b} $ $$ \\newcommand{\\a}{\\a\\a} \\a ^ _ & \\\\ "
    "\\frac ![ [ ]( ) ]: ` ``` ~~~ * ** __ > - + 1. # | |- --- < <a > &amp; \\ ~~ <!-- <? "
    # Terminals
    "\x1b[ \x1b[1; 1; 1;1m \x1b] \x1b\\ \x1b[38;2;1;2;3m \x1b[2K \r \b \x07 \x1b(B \x1b[5 38:2: "
    # Languages
    '" \' """ \'\'\' \\" \\\' // /* */ (* { } ( ) [ ] ; : = == << <<a <<< ${ #{ % @ r" f"{ 0x 1e '
    'a aa 1 11 1.5 -1 , "" é \U0001f600 \u0301 null true [] {} [[ ]] {{ }}'
)
FRAGMENTS = tuple(_OPENERS.split(" "))
BLANKS = ("\n", "\n\n", " ", "\t", "\r\n", "\n    ", "\n\t", "  \n", "\x0c", "\u2028")

_FILES = {
    "a.csv": "text/csv",
    "a.tsv": "text/tab-separated-values",
    "a.md": "text/markdown",
    "a.json": "application/json",
    "a.ipynb": "application/x-ipynb+json",
    "a.py": "text/x-python",
    "a.tex": "text/x-tex",
    "a.txt": "text/plain",
    "a.xml": "application/xml",
}


@dataclass
class Floods:
    """What came of them."""

    jobs: int = 0
    longest: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        plain = ", ".join(f"{why}: {count}" for why, count in sorted(self.failures.items()) if why)
        return (
            f"{self.jobs} floods, at most {self.longest:.2f} s of a worker's time; "
            f"shown as plain text: {plain or 'none'}; wrong: {len(self.wrong)}"
        )


def make_flood(random: random.Random, size: int) -> str:
    """Make a text of a few fragments, repeated and nested."""
    few = random.choices(FRAGMENTS + BLANKS, k=random.randint(1, 4))
    unit = "".join(few)
    match random.randrange(4):
        case 0:
            text = unit * (size // len(unit) + 1)
        case 1:
            opening, closing = few[0], few[-1]
            half = size // (len(opening) + len(closing)) + 1
            text = opening * half + closing * half
        case 2:
            text = "".join(f"{unit}{i}" for i in range(size // (len(unit) + 5) + 1))
        case _:
            line = unit * random.choice((1, 30, 1_000))
            text = f"{line}\n" * (size // (len(line) + 1) + 1)
    return text[:size]


def _code(random: random.Random) -> Job:
    text = make_flood(random, LONGEST_HIGHLIGHTED // 4)
    return Job("code", text.encode(), random.choice(sorted(LANGUAGES)))


def _terminal(random: random.Random) -> Job:
    return Job("terminal", make_flood(random, 300_000).encode(), "14")


def _plain(random: random.Random) -> Job:
    return Job("plain", make_flood(random, SIZE).encode())


def _output(random: random.Random) -> Job:
    text: Any = make_flood(random, SIZE)
    kind = random.choice(("text/markdown", "text/latex", "application/json"))
    if kind == "application/json":
        depth = random.choice((1, 10, 60, 300))
        text = json.loads(random.choice((f"{'[' * depth}%s{']' * depth}", "[%s]")) % "1")
        text = [text] * (SIZE // (4 * depth))
    return Job("output", msgspec.json.encode({kind: text}), "[]")


def _file(random: random.Random) -> Job:
    path, media_type = random.choice(sorted(_FILES.items()))
    text = make_flood(random, SIZE)
    if path == "a.ipynb" and random.random() < 0.9:
        text = json.dumps({"cells": [_cell(random) for _ in range(random.choice((1, 20, 200)))]})
    file = schemas.File(
        path=path, name=path, folder=False, media_type=media_type, size=len(text), sha256="",
        publisher="", published=datetime.now(UTC), command=None,
    )  # fmt: skip
    return Job("file", text.encode(), msgspec.json.encode(file).decode())


def _cell(random: random.Random) -> dict[str, Any]:
    text = make_flood(random, random.choice((10, 1_000, 20_000)))
    if random.random() < 0.4:
        return {"cell_type": "markdown", "source": text}
    kind = random.choice(("text/plain", "text/latex", "text/markdown", "application/json"))
    outputs = [{"output_type": "display_data", "data": {kind: text}}]
    return {"cell_type": "code", "source": text, "outputs": outputs}


KINDS: dict[str, Callable[[random.Random], Job]] = {
    "code": _code,
    "terminal": _terminal,
    "plain": _plain,
    "output": _output,
    "file": _file,
}


def flood_renderers(rounds: int, seed: int) -> Floods:
    """Have every renderer meet so many floods.

    Parameters
    ----------
    rounds
        How many for each.
    seed
        Makes the same floods again.
    """
    return asyncio.run(_flood(rounds, seed))


async def _flood(rounds: int, seed: int) -> Floods:
    chance = random.Random(seed)
    found = Floods()
    limits = PoolLimits(workers=1, wall_seconds=120.0, waiting_seconds=120.0)
    pool = WorkerPool(limits)
    try:
        for number in range(rounds):
            for kind, make in KINDS.items():
                job = make(chance)
                await _measure(pool, job, f"{kind} of round {number} of seed {seed}", found)
    finally:
        await pool.stop()
    return found


async def _measure(pool: WorkerPool, job: Job, what: str, found: Floods) -> None:
    # Its start is not the flood's.
    await pool.render("fuzz", lambda: [Job("code", b"1", "python")], 0)
    before = _time(pool)
    answer = await pool.render("fuzz", lambda: [job], 0)
    rendered = answer[0] if answer else Rendered(failure="busy")
    taken = _time(pool) - before
    found.jobs += 1
    found.longest = max(found.longest, taken)
    found.failures[rendered.failure] += 1
    if rendered.failure == "busy" or rendered.detail == KILLED:
        found.wrong.append(f"{what} ({job.option!r}): its worker was ended")
    elif taken > pool.limits.job_seconds + _BESIDES:
        found.wrong.append(f"{what} ({job.option!r}): {taken:.2f} s")
    elif job.renderer == "terminal" and "\x1b" in rendered.html:
        found.wrong.append(f"{what} ({job.option!r}): it shows an escape character")


def _time(pool: WorkerPool) -> float:
    """Return the processor time of the worker; none where it is being replaced."""
    if not pool._idle:
        return 0.0
    times = psutil.Process(pool._idle[0].pid).cpu_times()
    return times.user + times.system
