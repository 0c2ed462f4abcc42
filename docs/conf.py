"""Settings of the documentation site (Sphinx)."""

from __future__ import annotations

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
