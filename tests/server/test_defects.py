"""A defect of the server is a number for the caller, and a traceback under it in the log."""

from __future__ import annotations

import re

import httpx

from jupyter_sessions import api
from tests.server.serving import Place, error_of

BROKEN = """
import sys
if "serve" in sys.orig_argv:
    from jupyter_sessions.server import openapi
    def document(url):
        raise ZeroDivisionError("what the caller must not see")
    openapi.document = document
"""


def test_a_defect_is_a_number_for_the_caller_and_a_traceback_in_the_log(place: Place) -> None:
    library = place.folder / "library"
    library.mkdir()
    (library / "sitecustomize.py").write_text(BROKEN)
    place.extra["PYTHONPATH"] = str(library)
    with place.serve() as server:
        answer = httpx.get(f"{server.url}{api.PREFIX}/openapi.json")
        assert answer.status_code == 500
        error = error_of(answer)
        assert error["code"] == "internal_error"
        (number,) = re.findall(r"\b[0-9a-f]{16}\b", error["message"])
        assert "must not see" not in answer.text and "Traceback" not in answer.text
        logged = server.log.read_text()
    assert f"defect {number}" in logged
    assert "ZeroDivisionError: what the caller must not see" in logged
    assert "Traceback" in logged
