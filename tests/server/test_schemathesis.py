"""Schemathesis drives the API from its own document: no 500, and answers as the document says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.conftest import Serve

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
#: These end what all others need, so they have a run of their own.
ENDING = ("logins.logout", "sessions.close", "sessions.disable", "sessions.remove")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ending", [False, True])
def test_the_api_does_what_its_document_says_whatever_is_asked(
    serve: Serve, tmp_path: Path, ending: bool
) -> None:
    served, here = serve(), LocalTransport()
    code = here.call(api.CREATE_SESSION, schemas.NewSession(label="driven")).code
    ticket = here.call(api.MAKE_TICKET, schemas.Nothing()).ticket
    login = httpx.post(f"{served.url}/sessions/api/login/ticket", json={"ticket": ticket})
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(f'[parameters]\ncode = "{code}"\n')
    choice = "--include-operation-id" if ending else "--exclude-operation-id"
    driven = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run",
            f"{served.url}/sessions/api/openapi.json",
            "--header", f"Authorization: Bearer {login.json()['key']}",
            "--checks", CHECKS,
            "--phases", "coverage,fuzzing",
            "--max-examples", "10",
            "--seed", "1",
            "--suppress-health-check", "all",
            *(part for name in ENDING for part in (choice, name)),
        ],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert driven.returncode == 0, driven.stdout[-10_000:] + driven.stderr[-2_000:]
    assert " passed" in driven.stdout
    assert "defect" not in served.log.read_text()
