"""Settings of the documentation site (Sphinx)."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

import jupyter_sessions

project = "jupyter_sessions"
author = "The jupyter_sessions developers"
copyright = author  # noqa: A001  # the name that Sphinx reads
version = release = jupyter_sessions.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
# Headings can be linked to, as they can on GitHub.
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
numpydoc_show_class_members = False
autosummary_generate = False

nitpick_ignore_regex = [
    # Python's own documentation is not there where the site is built without a network.
    ("py:.*", r"(collections\.abc|datetime|os|pathlib|typing)\..*"),
    # Ours, but no part of the Python API.
    ("py:class", r"(.*\.)?(Ans|Login|Operation|Record|Req|Transport)|msgspec\.UnsetType"),
]

# Looked up in the network, and not where the documentation is built without one.
intersphinx_mapping: dict[str, tuple[str, None]] = {}

html_theme = "pydata_sphinx_theme"
html_title = "jupyter_sessions"
html_static_path = ["_static"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_show_sourcelink = False


def _link_to_pages(app: Sphinx, relative_path: Path, parent: str, content: list[str]) -> None:  # noqa: ARG001  # Sphinx calls it so
    """Let the files at the repository's top, which are pages here too, link to each other."""
    content[0] = re.sub(
        r"\]\((CHANGELOG|CONTRIBUTING|RELEASE|SECURITY)\.md",
        lambda found: f"](/project/{found[1].lower()}.md",
        content[0],
    )


class AddDarkScreenshots(SphinxTransform):
    """Put the dark screenshot beside each light one; the theme shows the one that fits.

    A page names only the light one, so that it is shown once where pages are read as Markdown.
    """

    default_priority = 210

    def apply(self, **kwargs: object) -> None:  # noqa: ARG002  # Sphinx calls it so
        """Add the dark ones of a page."""
        for light in list(self.document.findall(nodes.image)):
            dark = light.deepcopy()
            dark["uri"] = re.sub(r"(/screenshots/[\w-]+)-light\.", r"\1-dark.", light["uri"])
            if dark["uri"] != light["uri"]:
                light["classes"].append("only-light")
                dark["classes"].append("only-dark")
                light.parent.insert(light.parent.index(light) + 1, dark)


def _link_to_schema(
    app: Sphinx,
    env: BuildEnvironment,  # noqa: ARG001  # Sphinx calls it so
    reference: addnodes.pending_xref,
    content: nodes.Element,
) -> nodes.reference | None:
    """Link a class of the schemas to its section of the page that is made from them."""
    found = re.fullmatch(r"(?:jupyter_sessions\.)?schemas\.(?:\w+\.)?(\w+)", reference["reftarget"])
    if found is None:
        return None
    page = "reference/schemas"
    return make_refnode(app.builder, reference["refdoc"], page, found[1].lower(), content)


def setup(app: Sphinx) -> None:
    """Connect what Sphinx calls while it builds."""
    app.connect("missing-reference", _link_to_schema)
    app.add_transform(AddDarkScreenshots)
    app.connect("include-read", _link_to_pages)
