"""Row 16: from a cell's end until others see it, on an open page and in an open JupyterLab tab."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import browsers, servers
from benchmarks.kernels import Kernel
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, percentile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_LABEL = "benchmark"
_CELLS_A_ROUND = 10
_PAUSE = 0.3  # seconds, as people don't run cells back to back
_WITHIN = 10_000  # milliseconds
_GOAL = 150.0  # milliseconds

#: Notes when a text is first on the page; what is drawn later than it is added is seen later.
_WATCH = """() => {
    window.seen = {};
    const look = () => {
        for (const [mark] of document.body.innerText.matchAll(/ended-\\d+/g))
            window.seen[mark] ??= Date.now();
    };
    new MutationObserver(() => requestAnimationFrame(look)).observe(
        document.body, {subtree: true, childList: true, characterData: true});
}"""
_SEEN = "mark => window.seen[mark] ?? null"
_OPEN_TAB = """async code => {
    while (!window.jupyterapp) await new Promise(resolve => setTimeout(resolve, 50));
    await window.jupyterapp.restored;
    await window.jupyterapp.commands.execute('jupyter-sessions:open', {code});
}"""


@contextmanager
def _watching(browser: Browser, url: str, code: str = "") -> Iterator[Page]:
    """Open a page, in JupyterLab the session's tab, and note from now on what appears."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(url)
        if code:
            page.evaluate(_OPEN_TAB, code)
        page.get_by_role("heading", name=_LABEL, exact=True).wait_for()
        page.evaluate(_WATCH)
        yield page
    finally:
        context.close()


def _wait(page: Page, mark: str) -> float:
    """Return when a text was seen, in milliseconds since 1970."""
    deadline = time.monotonic() + _WITHIN / 1000
    while time.monotonic() < deadline:
        found: float | None = page.evaluate(_SEEN, mark)
        if found is not None:
            return found
        page.wait_for_timeout(20)
    raise RuntimeError(f"{page.url} does not show {mark}")


def measure(effort: Effort, folder: Path) -> Row:
    """Run cells in a recorded kernel, and look at them from two open windows."""
    row = Row("16. From a cell's end until others see it")
    if not browsers.available():
        row.notes.append(browsers.MISSING)
        return row
    seen: dict[str, list[float]] = {"page": [], "tab": []}
    lab = ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
    with ExitStack() as stack:
        ours = stack.enter_context(servers.sessions(folder, "", ["jupyterlab"], lab))
        kernel = stack.enter_context(Kernel.started(folder))
        kernel.run(f"%load_ext jupyter_sessions\n%session new {_LABEL}\nimport time")
        (session,) = ours.ask("GET", "/sessions")["items"]
        code, token = session["code"], ours.server.token
        browser = stack.enter_context(browsers.chromium())
        url = ours.server.url
        looking = {
            "page": f"{url}/sessions/{code}/experiment?token={token}",
            "tab": f"{url}/lab?reset&token={token}",
        }
        pages = {
            name: stack.enter_context(_watching(browser, address, code if name == "tab" else ""))
            for name, address in looking.items()
        }
        for number in range(effort.rounds * _CELLS_A_ROUND):
            kernel.run(f"print('ended-' + str({number}))\nend = 1000 * time.time()")
            end = kernel.ask("end", float)
            for name, page in pages.items():
                seen[name].append(_wait(page, f"ended-{number}") - end)
            time.sleep(_PAUSE)
    for name, what in (("page", "on an open page"), ("tab", "in an open JupyterLab tab")):
        row.figures.append(Figure(what, seen[name], "ms"))
        row.goals.append(Goal(f"{what}, p95", [percentile(seen[name], 95)], "ms", _GOAL))
    row.notes.append(
        "Recorded by %session in the kernel, into the user's own store; the server learns of it by "
        "the database. Both windows are open beside each other on this machine."
    )
    return row
