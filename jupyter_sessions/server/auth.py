"""Authenticate HTTP requests by key, login cookie or Jupyter's own identity; set the cookie."""

from __future__ import annotations

import base64
import getpass
import hmac
import inspect
import os
import secrets
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)

from jupyter_sessions.core.types import Anonymous, Credentials, Identified, KeyHolder, SystemUser
from jupyter_sessions.errors import Forbidden, NotLoggedIn

if TYPE_CHECKING:
    from jupyter_server.auth.identity import User
    from jupyter_server.base.handlers import JupyterHandler

    from jupyter_sessions.schemas import NewLogin

_KEY_PREFIX = "jses_"
_NONCE = 16  # bytes
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST_KNOWN = 60  # seconds for which the Hub's answer about a user is cached
# These give each caller a new random name. A caller who passes them runs the server.
_ONE_PERSON = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)


@dataclass(frozen=True)
class Authenticated:
    """Who sent a request, and whether a browser attaches the credentials by itself.

    Another site may have triggered a request with ambient credentials (a cookie), so its writes
    need the XSRF token.
    """

    credentials: Credentials
    ambient: bool


async def authenticate(handler: JupyterHandler, administrators: Container[str]) -> Authenticated:
    """Authenticate a request; `administrators` are users of the identity provider."""
    holder = key_holder(handler)
    if holder is not None:
        return Authenticated(holder, ambient=False)
    cookie = handler.get_cookie(cookie_name(handler))
    if cookie:
        return Authenticated(KeyHolder(cookie), ambient=True)
    user = await _find_jupyter_user(handler)
    if user is None:
        return Authenticated(Anonymous(), ambient=False)
    return _authenticate_jupyter_user(handler, user, administrators)


async def authenticate_kernel_user(
    handler: JupyterHandler, administrators: Container[str]
) -> Authenticated:
    """Authenticate a request that concerns the kernels of the Jupyter server.

    The caller must be one of the server's own users with permission to use its kernels, or a
    process of the system user who runs the server. Such a process can read the server's info file,
    which holds a secret. A sessions account, by key or by cookie, is not accepted.

    Raises
    ------
    NotLoggedIn
        When the caller is none of these.
    Forbidden
        When the Jupyter server does not allow the caller to use its kernels.
    """
    scheme, _, given = handler.request.headers.get("Authorization", "").partition(" ")
    secret = handler.settings["jupyter_sessions"].process_secret
    if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), secret.encode()):
        return Authenticated(SystemUser(getpass.getuser()), ambient=False)
    user = await _find_jupyter_user(handler)
    if user is None:
        raise NotLoggedIn(
            "You are not logged in to the Jupyter server.",
            hint="Log in to the Jupyter server itself. An account for the sessions "
            "is not enough to use its kernels.",
        )
    allowed = handler.authorizer.is_authorized(handler, user, "execute", "kernels")
    if not (await allowed if inspect.isawaitable(allowed) else allowed):
        raise Forbidden(
            f"The Jupyter server does not allow {user.username} to use its kernels.",
            hint="Ask the server's administrator.",
        )
    return _authenticate_jupyter_user(handler, user, administrators)


async def _find_jupyter_user(handler: JupyterHandler) -> User | None:
    found = handler.identity_provider.get_user(handler)
    user: User | None = await found if inspect.isawaitable(found) else found
    return user


def _authenticate_jupyter_user(
    handler: JupyterHandler, user: User, administrators: Container[str]
) -> Authenticated:
    provider = handler.identity_provider
    return Authenticated(
        _build_credentials(provider, user, administrators),
        ambient=not provider.is_token_authenticated(handler),
    )


def one_person(provider: IdentityProvider) -> bool:
    """Tell whether a server belongs to one person, so that every authenticated caller runs it."""
    return type(provider) in _ONE_PERSON


def runs_server(credentials: Credentials) -> bool:
    """Tell whether the caller is the person whose files a Jupyter server works with."""
    if isinstance(credentials, SystemUser):
        return True
    # A hub's single-user server belongs to one person, whom the hub names.
    return isinstance(credentials, Identified) and credentials.name == os.environ.get(
        "JUPYTERHUB_USER"
    )


def key_holder(handler: JupyterHandler, *, basic: bool = False) -> KeyHolder | None:
    """Return the caller identified by a key in the request's header, or None without a key.

    Parameters
    ----------
    basic
        Whether the key may also be sent as the password of HTTP Basic authentication.
    """
    scheme, _, credential = handler.request.headers.get("Authorization", "").partition(" ")
    key = credential.strip() if scheme.lower() == "bearer" else ""
    if basic and scheme.lower() == "basic":
        with suppress(ValueError):
            key = base64.b64decode(credential, validate=True).decode().partition(":")[2]
    return KeyHolder(key) if key.startswith(_KEY_PREFIX) else None


def _build_credentials(
    provider: IdentityProvider, user: User, administrators: Container[str]
) -> Credentials:
    if one_person(provider):
        return SystemUser(getpass.getuser())
    return Identified(
        user.username,
        user.display_name or "",
        user.username in administrators,
        groups=_groups(user),
    )


def _groups(user: User) -> frozenset[str] | None:
    """Return the user's groups in JupyterHub's provider, or None with another provider."""
    hub_user = getattr(user, "hub_user", None)
    named = hub_user.get("groups") if isinstance(hub_user, dict) else None
    if not isinstance(named, list):
        return None
    return frozenset(name for name in named if isinstance(name, str))


def refresh_every_minute(provider: IdentityProvider) -> None:
    """Have JupyterHub's identity provider refresh the user from the Hub at least once a minute."""
    hub_auth = getattr(provider, "hub_auth", None)
    if hub_auth is not None:
        hub_auth.cache_max_age = min(hub_auth.cache_max_age, _LONGEST_KNOWN)


def cookie_name(handler: JupyterHandler) -> str:
    """Return the name of the login cookie: one for each port, as browsers share cookies over ports.

    Where browsers allow it, the name has the prefix ``__Host-``. It proves that this very host set
    the cookie over TLS: no other host or plain connection can set a cookie of that name.
    """
    host = handler.request.host
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else "default"
    name = f"jupyter-sessions-{port}" if port.isalnum() else "jupyter-sessions"
    return f"__Host-{name}" if _owns_host(handler) else name


def set_login_cookie(handler: JupyterHandler, login: NewLogin) -> None:
    """Set the browser's login cookie, which carries the login's key."""
    handler.set_cookie(
        cookie_name(handler),
        login.key,
        expires=login.login.expires,
        path=_get_cookie_path(handler),
        httponly=True,
        samesite="Lax",
    )


def delete_login_cookie(handler: JupyterHandler) -> None:
    """Delete the browser's login cookie."""
    # Browsers delete a `__Host-` cookie only if the deletion is marked secure, as by `set_cookie`.
    handler.set_cookie(
        cookie_name(handler),
        "",
        expires=_LONG_AGO,
        path=_get_cookie_path(handler),
        httponly=True,
    )


def _get_cookie_path(handler: JupyterHandler) -> str:
    return "/" if _owns_host(handler) else f"{handler.base_url}sessions"


def _owns_host(handler: JupyterHandler) -> bool:
    # Below a base URL, the rest of the host belongs to others: other users' servers of a hub.
    return handler.request.protocol == "https" and handler.base_url == "/"


def make_xsrf_token(key: str) -> str:
    """Make an XSRF token bound to one login: only a holder of the login's key can make or check it.

    Each token differs, so that the compressed size of pages reveals nothing about it.
    """
    nonce = secrets.token_bytes(_NONCE)
    return (nonce + _xsrf_code(key, nonce)).hex()


def is_xsrf_token(token: str, key: str) -> bool:
    """Tell whether an XSRF token belongs to the login with this key."""
    try:
        given = bytes.fromhex(token)
    except ValueError:
        return False
    return hmac.compare_digest(given[_NONCE:], _xsrf_code(key, given[:_NONCE]))


def _xsrf_code(key: str, nonce: bytes) -> bytes:
    return hmac.digest(key.encode("utf-8", "surrogatepass"), b"xsrf" + nonce, "sha256")


async def has_jupyter_identity(handler: JupyterHandler) -> bool:
    """Tell whether the Jupyter server itself identifies the caller, whatever key they have."""
    found = handler.identity_provider.get_user(handler)
    return (await found if inspect.isawaitable(found) else found) is not None
