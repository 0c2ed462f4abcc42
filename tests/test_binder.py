"""Binder's own steps, here, under a base URL with a prefix and a token: no Docker is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.conftest import STARTED_WITHIN, free_port

BINDER = Path(__file__).parents[1] / "binder"


def test_the_demo_is_there_on_arrival_under_the_proxys_base_url(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(home)}
    subprocess.run([BINDER / "postBuild"], env=environment, check=True, capture_output=True)
    port = free_port()
    log = tmp_path / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(BINDER / "start", "jupyter", "lab", "--no-browser", "--allow-root"),
                *(f"--port={port}", "--ServerApp.port_retries=0"),
                *("--ServerApp.base_url=/user/x/", "--IdentityProvider.token=secret"),
            ],
            env=environment, cwd=tmp_path, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}/user/x"
        deadline = time.monotonic() + 2 * STARTED_WITHIN
        while not answers(base):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        stranger = httpx.get(f"{base}/sessions/")
        assert stranger.headers["Location"].startswith("/user/x/sessions/login?")
        page = httpx.get(f"{base}/sessions/", params={"token": "secret"})
        assert page.status_code == 200
        assert "Seattle weather" in page.text
        assert 'href="/user/x/sessions/' in page.text
        assert 'href="/sessions/' not in page.text
    finally:
        server.terminate()
        server.wait(STARTED_WITHIN)


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/api").status_code == 200
    except httpx.TransportError:
        return False
