"""Make the list of components (SBOM) of a release, in the CycloneDX format.

``python tools/make_sbom.py dist/jupyter_sessions.cdx.json`` installs the package of this
folder into an environment of its own, and lists what came with it: so it has what users get, and
nothing of the developer's. ``--python`` lists another environment instead.

Needs the extra ``release``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def make_environment(folder: Path) -> Path:
    """Install the package, with what it depends on, into a new environment; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", f"{ROOT}[postgresql,keyring,widgets]"]
    subprocess.run(install, check=True)
    # It installed the others, and no user needs it for ours.
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "pip"], check=True)
    return python


def make_sbom(python: Path, target: Path) -> None:
    """List the components of an environment."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            sys.executable, "-m", "cyclonedx_py", "environment", python,
            "--pyproject", ROOT / "pyproject.toml", "--mc-type", "application",
            "--output-reproducible", "--of", "JSON", "-o", target,
        ],
        check=True,
    )  # fmt: skip


def main() -> None:
    """Make the list."""
    parser = argparse.ArgumentParser(description="Make the list of components of a release.")
    parser.add_argument("target", type=Path, help="The file to write.")
    parser.add_argument("--python", type=Path, help="The Python of an environment to list.")
    arguments = parser.parse_args()
    if arguments.python is not None:
        make_sbom(arguments.python, arguments.target)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_sbom(make_environment(Path(folder) / "environment"), arguments.target)


if __name__ == "__main__":
    main()
