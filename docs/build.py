"""Build the documentation site: ``python -m docs.build [--external]``.

Every warning is an error: a page that no table of contents holds, a docstring that can't be read.
So is every link, picture or anchor within the built site that leads nowhere. Links to other sites
are checked only with ``--external``, since that needs the network.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SOURCE = Path(__file__).parent
OUTPUT = SOURCE / "_build"


def build(output: Path = OUTPUT, builder: str = "html") -> int:
    """Build the site from nothing into ``output/html``, or run another builder.

    Returns
    -------
    int
        Sphinx's exit code.
    """
    from sphinx.cmd.build import build_main

    shutil.rmtree(output / builder, ignore_errors=True)
    shutil.rmtree(output / "doctrees", ignore_errors=True)
    folders = ["-d", str(output / "doctrees"), str(SOURCE), str(output / builder)]
    return build_main(["-n", "-W", "--keep-going", "-q", "-j", "auto", "-b", builder, *folders])


class _Page(HTMLParser):
    """The links of a page, and what links can lead to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and anchors of a tag."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif value and (name == "src" or (name == "href" and tag in {"a", "link"})):
                self.links.add(value)


def find_broken_links(site: Path) -> Iterator[str]:
    """Yield each link within a built site that leads nowhere, with its page."""
    # `_static` holds copied files, not our pages; the theme has templates there.
    paths = (path for path in sorted(site.resolve().rglob("*.html")) if "_static" not in path.parts)
    pages = {path: _Page(path) for path in paths}
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[there].anchors if there in pages else {parts.fragment}
            wrong = parts.fragment and unquote(parts.fragment) not in anchors
            if not there.exists() or wrong:
                yield f"{path.relative_to(site.resolve())}: {link}"


def main() -> None:
    """Build the site, check its links, and print where it is."""
    parser = argparse.ArgumentParser(prog="python -m docs.build", description=__doc__)
    parser.add_argument(
        "--external", action="store_true", help="check the links to other sites, too"
    )
    external = parser.parse_args().external
    code = build()
    broken = list(find_broken_links(OUTPUT / "html")) if code == 0 else []
    for link in broken:
        print(f"This link leads nowhere: {link}", file=sys.stderr)
    if external and code == 0:
        code = build(builder="linkcheck")
    if code == 0 and not broken:
        print(f"Open {OUTPUT / 'html' / 'index.html'}")
    sys.exit(code or bool(broken))


if __name__ == "__main__":
    main()
