"""The Jinja environment of the pages: everything is escaped, and nothing unknown is silent."""

from __future__ import annotations

import shlex
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from jupyter_sessions import __version__
from jupyter_sessions.server.pages import wording
from jupyter_sessions.server.pages.static import static_url


@cache
def environment() -> Environment:
    """Return the environment that all pages are rendered in."""
    made = Environment(
        loader=PackageLoader("jupyter_sessions.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ago": wording.ago,
        "clock": wording.clock,
        "day": wording.day,
        "exact": wording.exact,
        "hue": wording.hue,
        "initials": wording.initials,
        "lasted": wording.lasted,
        "quoted": shlex.quote,
        "size": wording.size,
        "span": wording.span,
        "telling": wording.telling,
        "unmarked": wording.unmarked,
    }
    made.globals |= {
        "count": wording.count,
        "role_meanings": wording.ROLES,
        "state_meanings": wording.STATES,
        "static_url": static_url,
        "version": __version__,
    }
    return made
