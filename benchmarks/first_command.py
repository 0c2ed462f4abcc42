"""Row 15: until the first command of a page with 50 plots is seen, beside nbconvert's HTML."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import browsers, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PLOTS = 50
_PIXELS = 110  # a side: of noise, 36 KB as PNG, so that the whole HTML has 2.5 MB
_WITHIN = 60.0  # seconds

#: Notes when the first plot has been drawn, from the start of the navigation.
_WATCH = """
(() => {
    const look = () => {
        const image = document.querySelector('SELECTOR');
        if (image?.complete && image.naturalWidth)
            requestAnimationFrame(() => { window.drawn = performance.now(); });
        else
            requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()
"""


def _make_plots() -> list[str]:
    """Return pictures as base64, none like another."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(7)
    plots = []
    for _ in range(_PLOTS):
        file = io.BytesIO()
        pixels = noise.integers(0, 256, (_PIXELS, _PIXELS, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file, "PNG")
        plots.append(base64.b64encode(file.getvalue()).decode())
    return plots


def _record(ours: servers.Sessions, plots: list[str]) -> str:
    """Record a command for each plot; return the session's code."""
    code = ours.new_session()
    for number, plot in enumerate(plots):
        output = {
            "output_type": "display_data",
            "data": {"image/png": plot, "text/plain": "<Figure size 640x480 with 1 Axes>"},
            "metadata": {},
        }
        recording: dict[str, Any] = {
            "id": f"plot-{number}",
            "request": {"source": f"plot({number})", "started": "2026-11-21T12:00:00Z"},
            "response": {
                "status": "completed",
                "outputs": [output],
                "finished": "2026-11-21T12:00:01Z",
                "duration": 0.25,
            },
        }
        ours.ask("POST", f"/sessions/{code}/commands", {"commands": [recording]})
    return code


def _convert(folder: Path, plots: list[str]) -> None:
    """Write the HTML that nbconvert makes of a notebook with the plots."""
    import nbformat
    from nbconvert import HTMLExporter

    book = nbformat.v4.new_notebook()
    for number, plot in enumerate(plots):
        output = nbformat.v4.new_output("display_data", {"image/png": plot})
        book.cells.append(
            nbformat.v4.new_code_cell(f"plot({number})", outputs=[output], execution_count=number)
        )
    html, _ = HTMLExporter().from_notebook_node(book)
    (folder / "notebook.html").write_text(html)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # theirs
        """Log nothing."""


@contextmanager
def _serve(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP; yield its base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _open(browser: Browser, url: str, selector: str, cookies: dict[str, str]) -> float:
    """Open a page with nothing cached; return the milliseconds until its first plot is drawn."""
    context = browser.new_context()
    try:
        context.add_cookies(
            [{"name": name, "value": value, "url": url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.add_init_script(_WATCH.replace("SELECTOR", selector))
        page.goto(url, wait_until="commit")
        deadline = time.monotonic() + _WITHIN
        while (drawn := page.evaluate("window.drawn ?? null")) is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} shows no plot")
            page.wait_for_timeout(20)
        return float(drawn)
    finally:
        context.close()


def measure(effort: Effort, folder: Path) -> Row:
    """Open the session's page and nbconvert's HTML in turn, each with nothing cached."""
    row = Row(f"15. The first command of a page with {_PLOTS} plots is seen")
    if not browsers.available():
        row.notes.append(browsers.MISSING)
        return row
    plots = _make_plots()
    _convert(folder, plots)
    with ExitStack() as stack:
        ours = stack.enter_context(servers.sessions(folder))
        code = _record(ours, plots)
        beside = stack.enter_context(_serve(folder))
        browser = stack.enter_context(browsers.chromium())
        page = f"{ours.server.url}/sessions/{code}/experiment"
        cookies = ours.cookies()
        sides: dict[str, Callable[[], float]] = {
            "ours": lambda: _open(browser, page, ".command .output.image img", cookies),
            "theirs": lambda: _open(browser, f"{beside}/notebook.html", ".jp-OutputArea img", {}),
        }
        measured = alternate(sides, effort.rounds)
    size = (folder / "notebook.html").stat().st_size
    row.figures = [
        Figure("ours, the session's page", measured["ours"], "ms"),
        Figure(f"nbconvert's HTML of {size / 1e6:.1f} MB", measured["theirs"], "ms"),
    ]
    row.goals = [Goal("ours : nbconvert", ratios(measured["ours"], measured["theirs"]), "", 0.5)]
    row.notes.append("Until the first plot is drawn, from the start of the navigation.")
    return row
