"""Binder's own steps, here, in an environment of their own: no Docker is needed.

The wheel is built as pip builds it and installed into a fresh environment, whose dependencies are
those that the tests run with; everything else is what Binder does, under a base URL with a prefix
and with a token.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.prefixed_lab import jupyterlab, wait_for_kernel

ROOT = Path(__file__).parents[2]
PATIENCE = 120_000  # milliseconds: a whole notebook is run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the environment, once: the package in it comes from a wheel."""
    folder = tmp_path_factory.mktemp("binder")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, ROOT], check=True)
    wheel = next(folder.glob("*.whl"))
    subprocess.run([*pip, "--python", python, "install", "--no-deps", wheel], check=True)
    ours = next((folder / "env" / "lib").glob("python*/site-packages"))
    (ours / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    for name, module in (("jupyter", "jupyter"), ("jupyter-lab", "jupyterlab")):
        script = folder / "env" / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n')
        script.chmod(0o755)
    return folder / "env"


@pytest.fixture
def environment(built: Path, home: Path) -> dict[str, str]:
    """Give the environment variables of someone who has nothing else."""
    home.mkdir()
    mine = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    prefix = Path(sys.prefix)
    return mine | {
        "PATH": os.pathsep.join((str(built / "bin"), os.defpath)),
        "HOME": str(home),
        "JUPYTER_PATH": str(prefix / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(prefix / "etc" / "jupyter"),
    }


@pytest.fixture
def demo(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Take the steps that Binder takes, and give the base URL."""
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "binder", repository / "binder")
    image = {"env": environment, "cwd": repository}
    subprocess.run(["./binder/postBuild"], check=True, capture_output=True, **image)
    command = ("./binder/start", "jupyter", "lab")
    with jupyterlab(command, tmp_path / "lab.log", repository, environment) as base:
        yield base


@pytest.mark.timeout(600)
def test_the_demo_begins_with_the_panel_and_a_notebook_that_leads_to_the_colleague(
    demo: str, chromium: Browser
) -> None:
    stranger = httpx.get(f"{demo}/sessions/")
    assert stranger.headers["Location"].startswith("/user/x/sessions/login?")

    mine = chromium.new_context(viewport={"width": 1400, "height": 900})
    mine.set_default_timeout(PATIENCE)
    lab = mine.new_page()
    lab.goto(f"{demo}/lab?token=secret")
    panel = lab.locator("#jupyter-sessions-panel")
    expect(panel).to_be_visible(timeout=PATIENCE)
    expect(panel).to_contain_text("Seattle weather", timeout=PATIENCE)
    notebook = lab.locator(".jp-NotebookPanel:visible")
    expect(notebook).to_contain_text("A session of your own", timeout=PATIENCE)
    wait_for_kernel(demo)
    lab.get_by_role("menuitem", name="Run", exact=True).click()
    lab.get_by_text("Run All Cells", exact=True).click()
    notebook.get_by_role("link", name="Log in as your colleague").wait_for(timeout=PATIENCE)
    notebook.get_by_text("Usage: %session").wait_for(timeout=PATIENCE)
    expect(panel).to_contain_text("My first session", timeout=PATIENCE)

    pages = notebook.get_by_role("link", name="My sessions, as web pages")
    assert pages.get_attribute("href") == "/user/x/sessions/"
    with mine.expect_page() as opened:
        pages.click()
    expect(opened.value.locator("body")).to_contain_text("My first session")
    assert 'href="/sessions/' not in opened.value.content()

    way_in = notebook.get_by_role("link", name="Log in as your colleague")
    assert way_in.get_attribute("href") == "/user/x/sessions/login"
    user, password = way_in.locator("xpath=../..").locator("p code").all_text_contents()
    private = chromium.new_context()
    private.set_default_timeout(PATIENCE)
    page = private.new_page()
    page.goto(f"{demo}/sessions/login")
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("body")).to_contain_text("Seattle weather")
    expect(page.locator("body")).not_to_contain_text("My first session")  # it was revoked
    for context in (mine, private):
        context.close()
