"""From an HTTP request to who comes with it: a key, the login cookie, or Jupyter's own identity."""

from __future__ import annotations

import getpass
import inspect
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

    from jupyter_sessions.server.handlers import SessionsHandler

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


async def arrival(handler: SessionsHandler) -> Arrival:
    """Find out who comes with a request."""
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
    return Arrival(_asker(handler, provider, user), ambient=ambient)


def _asker(handler: SessionsHandler, provider: IdentityProvider, user: User) -> Asker:
    if type(provider) in _ONE_PERSON:
        return SystemUser(getpass.getuser())
    administrator = user.username in handler.extension.administrators
    return Identified(user.username, user.display_name or "", administrator)


def cookie_name(handler: SessionsHandler) -> str:
    """Return the login cookie's name: one a port, since browsers share cookies over ports."""
    host = handler.request.host
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else "default"
    return f"jupyter-sessions-{port}" if port.isalnum() else "jupyter-sessions"
