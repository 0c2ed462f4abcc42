"""From an HTTP request to who comes with it: a key, the login cookie, or Jupyter's own identity."""

from __future__ import annotations

import getpass
import inspect
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)

from jupyter_sessions.core.askers import Anonymous, Asker, Identified, KeyHolder, SystemUser

if TYPE_CHECKING:
    from jupyter_server.auth.identity import User
    from jupyter_server.base.handlers import JupyterHandler

_KEY_PREFIX = "jses_"
# These give each caller a new random name; who gets past them is whoever runs the server.
_ONE_PERSON = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)


@dataclass(frozen=True)
class Arrival:
    """Who comes with a request, and whether a browser would send the proof along by itself.

    A request with an ambient proof (a cookie) may have been made by another site, so its writes
    need the XSRF token.
    """

    asker: Asker
    ambient: bool


async def arrival(handler: JupyterHandler, administrators: Container[str]) -> Arrival:
    """Find out who comes with a request; `administrators` are users of the identity provider."""
    scheme, _, credential = handler.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential.strip().startswith(_KEY_PREFIX):
        return Arrival(KeyHolder(credential.strip()), ambient=False)
    cookie = handler.get_cookie(cookie_name(handler))
    if cookie:
        return Arrival(KeyHolder(cookie), ambient=True)
    provider = handler.identity_provider
    found = provider.get_user(handler)
    user: User | None = await found if inspect.isawaitable(found) else found
    if user is None:
        return Arrival(Anonymous(), ambient=False)
    ambient = not provider.is_token_authenticated(handler)
    return Arrival(_asker(provider, user, administrators), ambient=ambient)


def _asker(provider: IdentityProvider, user: User, administrators: Container[str]) -> Asker:
    if type(provider) in _ONE_PERSON:
        return SystemUser(getpass.getuser())
    return Identified(user.username, user.display_name or "", user.username in administrators)


def cookie_name(handler: JupyterHandler) -> str:
    """Return the login cookie's name: one a port, since browsers share cookies over ports."""
    host = handler.request.host
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else "default"
    return f"jupyter-sessions-{port}" if port.isalnum() else "jupyter-sessions"
