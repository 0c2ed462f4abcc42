"""The page on security speaks of every requirement once, and of tests that exist; the proxy too."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "security.md"
#: The requirements of levels 1 and 2 of ASVS 5.0.0: in each section, 1 to this number. Those of
#: level 3 stand behind them.
LEVELS_1_AND_2 = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2  2.1:3 2.2:3 2.3:4 2.4:1  3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
4.1:3 4.2:1 4.3:2 4.4:4  5.1:1 5.2:3 5.3:2 5.4:3  6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2  8.1:2 8.2:3 8.3:1 8.4:1  9.1:3 9.2:4
10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3  11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
12.1:3 12.2:2 12.3:4  13.1:1 13.2:5 13.3:2 13.4:5  14.1:2 14.2:4 14.3:3
15.1:3 15.2:3 15.3:7  16.1:1 16.2:5 16.3:4 16.4:3 16.5:3  17.1:1 17.2:4 17.3:2
"""


def required() -> set[str]:
    found = set()
    for each in LEVELS_1_AND_2.split():
        section, last = each.split(":")
        found |= {f"{section}.{number}" for number in range(1, int(last) + 1)}
    return found


def test_every_requirement_of_levels_1_and_2_is_spoken_of_once() -> None:
    assert len(required()) == 253
    text = PAGE.read_text()
    rows = re.findall(r"^\| (\d+\.\d+\.\d+) \|", text, re.MULTILINE)
    passed_over = [
        number
        for line in re.findall(r"^Not applicable.*$", text, re.MULTILINE)
        for number in re.findall(r"\b\d+\.\d+\.\d+\b", line)
    ]
    counted = Counter(rows + passed_over)
    assert {number for number, times in counted.items() if times > 1} == set()
    assert set(counted) == required()


@cache
def functions_in(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`([\w/]+)::(\w+)`", PAGE.read_text())
    assert len(named) > 100
    missing = [
        f"{module}::{name}"
        for module, name in named
        if not (path := ROOT / "tests" / f"{module}.py").exists()
        or f"test_{name}" not in functions_in(path)
    ]
    assert missing == []


def test_every_requirement_is_held_by_something() -> None:
    for line in re.findall(r"^\| \d+\.\d+\.\d+ \|.*$", PAGE.read_text(), re.MULTILINE):
        _, _, asked, held, _ = line.split(" | ", 2)[0], *line.rstrip(" |").split(" | "), ""
        assert asked.strip() and held.strip(), line


# ---- the proxy's example


def proxy() -> tuple[str, str]:
    """Return the two servers of the example: without TLS, and with it."""
    page = (ROOT / "docs" / "how-to" / "team-server.md").read_text()
    block = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert block
    without, with_tls = re.findall(r"^server \{\n.*?^\}", block[1], re.DOTALL | re.MULTILINE)
    return without, with_tls


def test_the_proxy_example_binds_browsers_to_tls() -> None:
    _, tls = proxy()
    header = re.search(r'add_header Strict-Transport-Security "max-age=(\d+); (\w+)" always;', tls)
    assert header and int(header[1]) >= 31_536_000 and header[2] == "includeSubDomains"
    assert re.search(r"ssl_protocols\s+TLSv1\.2 TLSv1\.3;", tls)


def test_the_proxy_example_leads_pages_to_tls_and_refuses_the_api_without() -> None:
    plain, _ = proxy()
    assert "listen 80;" in plain and "return 301 https://$host$request_uri;" in plain
    refused = re.search(r"location ~ (\S+) \{\s*return 403;", plain)
    assert refused
    for path, api in (
        ("/sessions/api/login", True),
        ("/team/sessions/api/login", True),
        ("/sessions/login", False),
    ):
        assert bool(re.search(refused[1], path)) == api


def test_the_proxy_example_sets_every_header_that_the_server_believes() -> None:
    _, tls = proxy()
    for header in ("X-Forwarded-Proto $scheme", "X-Real-IP $remote_addr", "Host $http_host"):
        assert f"proxy_set_header {header};" in tls
    # Tornado believes these too, and of the scheme the first before the other.
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in tls
    assert "proxy_set_header X-Scheme $scheme;" in tls


# ---- components


def test_the_list_of_components_names_every_dependency(tmp_path: Path) -> None:
    made = tmp_path / "sbom.cdx.json"
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "make_sbom.py", "--python", sys.executable, made],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sbom = json.loads(made.read_text())
    assert sbom["bomFormat"] == "CycloneDX"
    names = {canonical(each["name"]) for each in sbom["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        canonical(re.match(r"[\w.-]+", line)[0])  # type: ignore[index]
        for line in project["dependencies"]
        if "sys_platform" not in line or sys.platform in line
    }
    assert wanted - names == set()
    assert sbom["metadata"]["component"]["name"] == "jupyter_sessions"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
