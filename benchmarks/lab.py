"""Row 10: what the sessions add to JupyterLab's start, on the server and in the browser."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_path

from benchmarks import browsers, servers
from benchmarks.followers import NO_COLLABORATION
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Response

_BUILT = Path(__file__).parent.parent / "jupyter_sessions" / "labextension"
_ROUNDS_MORE = 2  # what is told apart is small beside what JupyterLab itself takes
_RESTORED = """async () => {
    while (!window.jupyterapp) await new Promise(resolve => setTimeout(resolve, 5));
    await window.jupyterapp.restored;
    return performance.now();
}"""


@dataclass(frozen=True)
class _Side:
    """A JupyterLab with some extensions: of the server, by module, and of the browser, by name."""

    extensions: Sequence[str] = ()
    fronts: Mapping[str, Path] = field(default_factory=dict)


def _sides() -> dict[str, _Side]:
    sides = {
        "bare": _Side(),
        "ours": _Side(["jupyter_sessions"], {"jupyter-sessions": _BUILT}),
    }
    if importlib.util.find_spec("jupyter_server_ydoc") is not None:
        fronts = {
            f"@jupyter/{found.name}": found
            for folder in jupyter_path("labextensions")
            for found in sorted(Path(folder, "@jupyter").glob("*-extension"))
            if found.name in {"collaboration-extension", "docprovider-extension"}
        }
        sides["theirs"] = _Side(["jupyter_server_fileid", "jupyter_server_ydoc"], fronts)
    return sides


@contextlib.contextmanager
def _lab(folder: Path, side: _Side) -> Iterator[servers.Server]:
    """Run a JupyterLab of one side, in a folder of its own that is kept."""
    fronts = folder / "labextensions"
    for name, built in side.fronts.items():
        place = fronts / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to(built)
    config = [
        f"--LabApp.labextensions_path={fronts}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with servers.jupyter(folder, ["jupyterlab", *side.extensions], config) as server:
        yield server


@dataclass(frozen=True)
class _Start:
    """A start, by the clock and by the processor, in milliseconds, and what it loaded, in KB."""

    took: float
    worked: float
    loaded: float = 0.0


def _served(folder: Path, side: _Side) -> _Start:
    """Start a server from nothing, until its first answer."""
    begin = time.perf_counter()
    with _lab(folder, side) as server:
        took = time.perf_counter() - begin
        spent = server.process.cpu_times()
        return _Start(1000 * took, 1000 * (spent.user + spent.system))


def _opened(browser: Browser, server: servers.Server) -> _Start:
    """Open JupyterLab with nothing cached, until its layout is restored."""
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        meter = context.new_cdp_session(page)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(f"{server.url}/lab?reset&token={server.token}")
        took: float = page.evaluate(_RESTORED)
        metrics = meter.send("Performance.getMetrics")["metrics"]
        worked = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
        ours = [each.body() for each in answers if "/lab/extensions/" in each.url]
        return _Start(took, 1000 * worked, sum(len(gzip.compress(each, 6)) for each in ours) / 1000)


def _in_turn(
    sides: Sequence[str], start: Callable[[str], _Start], rounds: int
) -> dict[str, list[_Start]]:
    """Have each side start in turn, the first time to warm up."""
    starts: dict[str, list[_Start]] = {name: [] for name in sides}

    def once(name: str) -> Callable[[], float]:
        def measured() -> float:
            starts[name].append(start(name))
            return starts[name][-1].took

        return measured

    alternate({name: once(name) for name in sides}, rounds)
    return {name: measured[1:] for name, measured in starts.items()}


def _more(starts: Mapping[str, Sequence[_Start]], side: str, of: str) -> list[float]:
    """Return by how much a side's starts exceed the bare ones beside them."""
    pairs = zip(starts[side], starts["bare"], strict=True)
    return [getattr(one, of) - getattr(bare, of) for one, bare in pairs]


def _figures(row: Row, what: str, starts: Mapping[str, Sequence[_Start]], limit: float) -> None:
    """Note what the sides add to the bare start, which is held to a limit for ours."""
    row.figures.append(Figure(what, [each.took for each in starts["bare"]], "ms"))
    row.figures.append(Figure("… what ours adds", _more(starts, "ours", "took"), "ms"))
    if "theirs" in starts:
        for of, how in (("took", ""), ("worked", ", in processor time")):
            more = _more(starts, "theirs", of)
            row.figures.append(Figure(f"… what jupyter-collaboration adds{how}", more, "ms"))
    worked = _more(starts, "ours", "worked")
    row.goals.append(Goal(f"{what}: ours adds, processor time", worked, "ms", limit))


def measure(effort: Effort, folder: Path) -> Row:
    """Start JupyterLab without them, with them, and with jupyter-collaboration in their place."""
    sides = _sides()
    homes = {name: folder / name for name in sides}
    for home in homes.values():
        home.mkdir()
    row = Row("10. JupyterLab's start")
    rounds = effort.rounds if effort.quick else effort.rounds * _ROUNDS_MORE
    starts = _in_turn(list(sides), lambda name: _served(homes[name], sides[name]), rounds)
    _figures(row, "the server's start, till it answers", starts, 150)
    if "theirs" not in sides:
        row.notes.append(NO_COLLABORATION)
    if browsers.available():
        _open_pages(row, sides, homes, rounds)
    else:
        row.notes.append(browsers.MISSING)
    row.notes.append(
        "Processor time: the server's, the page's main thread's; the clock shows what else runs."
    )
    return row


def _open_pages(
    row: Row, sides: Mapping[str, _Side], homes: Mapping[str, Path], rounds: int
) -> None:
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(_lab(homes[name], sides[name])) for name in sides}
        browser = stack.enter_context(browsers.chromium())
        opened = _in_turn(list(sides), lambda name: _opened(browser, running[name]), rounds)
    _figures(row, "the page's start, till it is restored", opened, 50)
    loaded = {name: [each.loaded for each in starts] for name, starts in opened.items()}
    row.goals.append(Goal("what ours loads meanwhile, gzipped", loaded["ours"], "KB", 100))
    if "theirs" in sides:
        row.figures.append(Figure("what jupyter-collaboration loads", loaded["theirs"], "KB"))
