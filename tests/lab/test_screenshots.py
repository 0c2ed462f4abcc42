"""The documentation's screenshots: the script makes each that a page shows, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from docs import screenshots
from tests.lab.conftest import start_lab

ROOT = Path(__file__).parents[2]
MADE = {f"{name}-{theme}.webp" for name in screenshots.PICTURES for theme in screenshots.THEMES}
NAMED = re.compile(r"([\w./-]*screenshots/([\w-]+\.webp))")


def test_the_script_makes_the_pictures_that_are_there() -> None:
    assert {path.name for path in screenshots.FOLDER.iterdir()} == MADE


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_picture_is_small_and_as_wide_as_the_other_of_its_pair(name: str) -> None:
    path = screenshots.FOLDER / name
    assert path.stat().st_size < screenshots.AT_MOST
    other = path.with_name(re.sub(r"-(?:light|dark)\.", "-light.", name))
    with Image.open(path) as one, Image.open(other) as two:
        assert one.size == two.size


def test_pages_show_each_picture_and_only_those_that_exist() -> None:
    named = set()
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for path, name in NAMED.findall(page.read_text()):
            assert (page.parent / path).is_file(), f"{page}: {path}"
            named.add(name.replace("-dark.", "-light."))
    assert named == {name for name in MADE if "-light." in name}


def test_a_page_shows_a_picture_in_both_themes_on_the_site(tmp_path: Path) -> None:
    from sphinx.application import Sphinx

    (tmp_path / "index.md").write_text("# A page\n\n![It](it/screenshots/session-light.webp)\n")
    folder = tmp_path / "it" / "screenshots"
    folder.mkdir(parents=True)
    for theme in screenshots.THEMES:
        (folder / f"session-{theme}.webp").write_bytes(b"")
    conf = str(Path(screenshots.__file__).parent)
    places = (str(tmp_path / "out"), str(tmp_path / "doctrees"))
    options = {"html_static_path": [], "html_logo": "", "html_favicon": ""}
    app = Sphinx(str(tmp_path), conf, *places, "dummy", options, status=None, warningiserror=True)
    app.build()
    images = app.env.get_doctree("index").findall(lambda node: node.tagname == "image")
    assert [(image["uri"], image["classes"]) for image in images] == [
        ("it/screenshots/session-light.webp", ["only-light"]),
        ("it/screenshots/session-dark.webp", ["only-dark"]),
    ]


@pytest.fixture(scope="module")
def scene(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[screenshots.Scene]:
    """Record what the pictures show, on a JupyterLab of its own."""
    with start_lab(tmp_path_factory.mktemp("scene"), owner="anna") as lab:
        yield screenshots.record_scene(lab, chromium)


def test_every_picture_can_still_be_taken(scene: screenshots.Scene, tmp_path: Path) -> None:
    # In one test, since workers that share these tests would each record what is shown.
    sizes = {}
    for name in screenshots.PICTURES:
        for theme in screenshots.THEMES if name == "session" else ("light",):
            with Image.open(screenshots.take(scene, name, theme, tmp_path)) as taken:
                colours = taken.convert("L").resize((1, 1)).getpixel((0, 0))
                assert (colours > 128) == (theme == "light"), (name, theme)
            with Image.open(screenshots.FOLDER / f"{name}-{theme}.webp") as published:
                sizes[name, theme] = (taken.size, published.size)
    assert [name for name, (taken, published) in sizes.items() if taken != published] == []
