"""Take the screenshots of the documentation: ``python -m docs.screenshots [NAME ...]``.

A real JupyterLab records a real analysis (the demo's notebook), a colleague continues it, and
Chromium takes each picture twice, in light and in dark. Pages name the light one; the site adds
the dark one (``docs/conf.py``), and README.md names both. So that the pictures look alike wherever
they are taken, install the font Inter (Debian: ``fonts-inter``).
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from jupyter_sessions import api, schemas
from jupyter_sessions.demo.analysis import NOTEBOOK
from tests.browser.conftest import command, start_chromium
from tests.lab.conftest import Desk, Lab, sit_down, start_lab
from tests.server.serving import key_for

FOLDER = Path(__file__).parent / "_static" / "screenshots"
THEMES = ("light", "dark")
AT_MOST = 150_000  # bytes, each

LABEL = "Seattle weather"
_DESCRIPTION = "Does it really rain in Seattle all the time?"
_SIZE = {"width": 1280, "height": 800}
_SCALE = 1.5
_WITHIN = 120_000  # milliseconds: for all cells of the demo

_SAVING_CELL = """from pathlib import Path

for folder in ("figures", "tables"):
    Path(folder).mkdir(exist_ok=True)
temperatures.savefig("figures/temperatures.png")
rain_by_month.savefig("figures/rain.svg")
monthly.to_csv("tables/monthly.csv")"""
_OTHER_SESSIONS = {
    "Tree rings": ("anna", "widths = read_cores('cores/*.tif')"),
    "Snow depth in the Alps": ("ben", "depth.sel(station='Davos').plot()"),
}
_BENS_CELLS = (
    'from vega_datasets import data\n\nweather = data.seattle_weather().set_index("date")\n'
    "hot = weather[weather.temp_max >= 30].groupby(lambda day: day.year).size()\n"
    'hot.to_frame("days of 30 °C or more")',
    'monthly = weather.temp_max.resample("ME").mean()\n'
    'monthly.plot(figsize=(9, 2.6), color="#c8553d", title="Mean daily maximum, °C");',
)
_NEW_CELLS = (
    '%load_ext jupyter_sessions\n%session new "Kinds of weather"',
    "from vega_datasets import data\n\ndays = data.seattle_weather().weather.value_counts()\n"
    'days.plot.barh(figsize=(8, 2.2), color="#3a7ca5", xlabel="days", ylabel="");',
)
_WIDGET_CELL = "%load_ext jupyter_sessions\n%session ui -S {code}"


@dataclass
class Scene:
    """A JupyterLab with the recorded analysis, and the browser that looks at it."""

    lab: Lab
    browser: Browser
    code: str

    @contextmanager
    def context(self, theme: str, height: int) -> Iterator[BrowserContext]:
        """Open a browser context in a theme."""
        with self.browser.new_context(
            base_url=self.lab.url,
            viewport=_SIZE | {"height": height},
            device_scale_factor=_SCALE,
            color_scheme=theme,
            locale="en-GB",
            reduced_motion="reduce",
        ) as context:
            yield context

    @contextmanager
    def page(self, theme: str, tail: str = "", height: int = 800) -> Iterator[Page]:
        """Open a page of the session as Carla, who may read it."""
        with self.context(theme, height) as context:
            context.add_cookies([{"name": "person", "value": "carla", "url": self.lab.url}])
            page = context.new_page()
            page.goto(f"/sessions/{self.code}/experiment{tail}", wait_until="networkidle")
            yield page

    @contextmanager
    def desk(self, theme: str, height: int = 800) -> Iterator[Desk]:
        """Open JupyterLab as Anna, who owns the session."""
        with self.context(theme, height) as context:
            desk = sit_down(context, self.lab, "anna")
            _choose_theme(desk, theme)
            expect(desk.page.locator(".jp-Launcher")).to_be_visible()
            yield desk


def _choose_theme(desk: Desk, theme: str) -> None:
    desk.run("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
    light = "true" if theme == "light" else "false"
    expect(desk.page.locator("body")).to_have_attribute("data-jp-theme-light", light)


# ---- what the pictures show


@contextmanager
def open_scene() -> Iterator[Scene]:
    """Start JupyterLab and Chromium, and record what the pictures show."""
    with (
        tempfile.TemporaryDirectory() as home,
        start_lab(Path(home), owner="anna") as lab,
        start_chromium() as browser,
    ):
        yield record_scene(lab, browser)


def record_scene(lab: Lab, browser: Browser) -> Scene:
    """Have Anna run and record the demo's notebook, and Ben continue the analysis."""
    for label, (owner, source) in _OTHER_SESSIONS.items():
        other = lab.session(label, owner=owner, **({} if owner == "anna" else {"anna": "read"}))
        lab.record(other, command(source), by=owner)
    code = lab.session(LABEL, owner="anna", ben="write", carla="read")
    about = schemas.UpdateSession(code=code, description=_DESCRIPTION)
    lab.store.call("anna", api.UPDATE_SESSION, about)
    lab.store_login("anna", f"http://localhost:{lab.port}", key_for(lab.store, "anna"))
    analysis = nbformat.read(NOTEBOOK, as_version=4)
    analysis.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    *kept, _, _ = (cell for cell in analysis.cells if "%session new" not in cell.source)
    analysis.cells = [*kept, nbformat.v4.new_code_cell(_SAVING_CELL)]
    nbformat.write(analysis, lab.work / "seattle_weather.ipynb")
    lab.notebook("hot_days.ipynb", *_BENS_CELLS)
    for name, notebook in {"anna": "seattle_weather.ipynb", "ben": "hot_days.ipynb"}.items():
        with browser.new_context(base_url=lab.url, viewport=_SIZE) as context:
            desk = sit_down(context, lab, name)
            record(desk, desk.open_notebook(notebook))
    commands = lab.store.call("anna", api.LIST_COMMANDS, schemas.ListCommands(code=code)).items
    saved = max(each.number for each in commands if each.user == "anna")
    for path in ("figures/temperatures.png", "figures/rain.svg", "tables/monthly.csv"):
        request = schemas.PublishFile(code=code, path=path, command=saved)
        content = (lab.work / path).read_bytes()
        lab.store.call("anna", api.PUBLISH_FILE, request, upload=content)
    return Scene(lab, browser, code)


def record(desk: Desk, notebook: Locator) -> None:
    """Record a notebook into the session, and run it."""
    button = notebook.locator(".jp-NotebookPanel-toolbar .jp-SessionsRecording-button")
    button.click()
    desk.page.get_by_role("menuitem", name=f"Record into {LABEL}").click()
    expect(button.locator(".jp-mod-recording")).to_be_visible()
    run_all(desk, notebook)


def run_all(desk: Desk, notebook: Locator) -> None:
    """Run all cells, and wait until the last one has run."""
    desk.run("notebook:run-all-cells")
    last = notebook.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
    expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=_WITHIN)


# ---- the pictures


def _session(scene: Scene, theme: str) -> Iterator[Page]:
    with scene.page(theme, height=900) as page:
        yield page


def _history(scene: Scene, theme: str) -> Iterator[Page]:
    with scene.page(theme, "?search=wet_days", height=900) as page:
        yield page


def _web_space(scene: Scene, theme: str) -> Iterator[Page]:
    with scene.page(theme, "/files/figures/rain.svg") as page:
        yield page


def _jupyterlab(scene: Scene, theme: str) -> Iterator[Page]:
    with scene.desk(theme) as desk:
        tab = desk.open_session(LABEL)
        expect(tab.locator("[data-number] img").first).to_be_visible()
        yield _without_launcher(desk)


def _sharing(scene: Scene, theme: str) -> Iterator[Page]:
    with scene.desk(theme, height=640) as desk:
        tab = desk.open_session(LABEL)
        tab.get_by_role("tab", name="Members").click()
        expect(tab.get_by_role("group", name="Roles of carla")).to_be_visible()
        yield _without_launcher(desk)


def _notebook(scene: Scene, theme: str) -> Iterator[Page]:
    with scene.desk(theme, height=860) as desk:
        notebook = _run_notebook(scene, desk, f"{theme}/kinds_of_weather.ipynb", _NEW_CELLS)
        expect(notebook.locator(".jp-mod-recording").first).to_be_visible()
        expect(notebook.locator(".jp-CodeCell").last.locator("img")).to_be_visible()
        yield _without_launcher(desk)


def _widgets(scene: Scene, theme: str) -> Iterator[Page]:
    cells = (_WIDGET_CELL.format(code=scene.code),)
    with scene.desk(theme, height=960) as desk:
        notebook = _run_notebook(scene, desk, f"{theme}/together.ipynb", cells)
        widget = notebook.locator(".jupyter-sessions-widget").first
        widget.locator(".jupyter-sessions-lines select:visible").select_option(index=0)
        expect(widget.locator("img")).to_be_visible()
        yield _without_launcher(desk)


def _run_notebook(scene: Scene, desk: Desk, name: str, cells: tuple[str, ...]) -> Locator:
    """Run a notebook of these cells in all of the window's width."""
    (scene.lab.work / name).parent.mkdir(exist_ok=True)
    notebook = desk.open_notebook(scene.lab.notebook(name, *cells))
    desk.run("application:toggle-left-area")
    run_all(desk, notebook)
    return notebook


def _without_launcher(desk: Desk) -> Page:
    launcher = desk.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="Launcher")
    launcher.locator(".lm-TabBar-tabCloseIcon").click()
    return desk.page


PICTURES: dict[str, Callable[[Scene, str], Iterator[Page]]] = {
    "session": _session,
    "history": _history,
    "web-space": _web_space,
    "jupyterlab": _jupyterlab,
    "sharing": _sharing,
    "notebook": _notebook,
    "widgets": _widgets,
}


def take(scene: Scene, name: str, theme: str, folder: Path) -> Path:
    """Take a picture, and return its file."""
    with contextmanager(PICTURES[name])(scene, theme) as page:
        page.mouse.move(0, 0)
        taken = page.screenshot(animations="disabled")
    path = folder / f"{name}-{theme}.webp"
    Image.open(io.BytesIO(taken)).convert("RGB").save(path, quality=80, method=6)
    return path


def main() -> None:
    """Take the pictures that are named, or all."""
    names = sys.argv[1:] or list(PICTURES)
    if unknown := set(names) - set(PICTURES):
        sys.exit(
            f"There is no picture {', '.join(unknown)}. The valid ones are {', '.join(PICTURES)}."
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open_scene() as scene:
        for name in names:
            for theme in THEMES:
                print(take(scene, name, theme, FOLDER))


if __name__ == "__main__":
    main()
