"""Set the version of the package and of its front end: ``python tools/set_version.py 0.2.0rc1``.

The version stands in ``jupyter_sessions/__init__.py``; npm's form of it in
``labextension/package.json``, for JupyterLab's extension manager. jupyter-releaser calls this.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_VERSION = re.compile(r"(\d+\.\d+\.\d+)(?:(a|b|rc)(\d+)|\.dev(\d+))?")
_NAMES = {"a": "alpha", "b": "beta", "rc": "rc"}


def to_npm(version: str) -> str:
    """Return a version as npm writes it, such as ``0.2.0-rc.1``."""
    found = _VERSION.fullmatch(version)
    if found is None:
        sys.exit(f"{version!r} is not a version such as 0.2.0, 0.2.0rc1 or 0.2.0.dev0.")
    release, stage, number, dev = found.groups()
    if stage:
        return f"{release}-{_NAMES[stage]}.{number}"
    return f"{release}-dev.{dev}" if dev else release


def set_version(version: str, root: Path = ROOT) -> None:
    """Write a version where it stands."""
    for name, pattern, text in (
        ("jupyter_sessions/__init__.py", r'^__version__ = "[^"]*"$', f'__version__ = "{version}"'),
        (
            "labextension/package.json",
            r'^  "version": "[^"]*"',
            f'  "version": "{to_npm(version)}"',
        ),
    ):
        path = root / name
        changed, count = re.subn(pattern, text, path.read_text(), flags=re.MULTILINE)
        if count != 1:
            sys.exit(f"{name} must give the version once.")
        path.write_text(changed)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python tools/set_version.py VERSION")
    set_version(sys.argv[1])
