"""Build the documentation site: ``python -m docs.build``.

Every warning is an error: a link that leads nowhere, a page that no table of contents holds, a
docstring that can't be read.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

SOURCE = Path(__file__).parent
OUTPUT = SOURCE / "_build"


def build(output: Path = OUTPUT) -> int:
    """Build the site anew into ``output/html``; return Sphinx's exit code."""
    from sphinx.cmd.build import build_main

    shutil.rmtree(output, ignore_errors=True)
    folders = ["-d", str(output / "doctrees"), str(SOURCE), str(output / "html")]
    return build_main(["-n", "-W", "--keep-going", "-q", "-j", "auto", "-b", "html", *folders])


def main() -> None:
    """Build the site and print where it is."""
    code = build()
    if code == 0:
        print(f"Open {OUTPUT / 'html' / 'index.html'}")
    sys.exit(code)


if __name__ == "__main__":
    main()
