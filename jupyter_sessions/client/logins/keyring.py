"""Store keys in the user's keyring instead of in files, on request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_sessions import errors

KEYRING_VARIABLE = "JUPYTER_SESSIONS_KEYRING"
_SERVICE = "jupyter_sessions"
_NO = {"", "0", "no", "false", "off"}


def wanted() -> bool:
    """Tell whether the user wants keys in the keyring, as set by ``JUPYTER_SESSIONS_KEYRING``."""
    return os.environ.get(KEYRING_VARIABLE, "").strip().lower() not in _NO


def put(id_: str, key: str) -> None:
    """Store the key of a login.

    Raises
    ------
    StoreUnusable
        When there is no keyring, or it refuses the key.
    """
    with _translate_keyring_errors():
        import keyring

        keyring.set_password(_SERVICE, id_, key)


def get(id_: str) -> str:
    """Return the key of a login.

    Raises
    ------
    StoreUnusable
        When there is no keyring, or the key is not in it.
    """
    with _translate_keyring_errors():
        import keyring

        key = keyring.get_password(_SERVICE, id_)
    if key is None:
        raise errors.StoreUnusable(
            "The key of this login is no longer in the keyring.", hint="Log in again."
        )
    return str(key)


def drop(id_: str) -> None:
    """Delete the key of a login; a missing key is not an error."""
    with _translate_keyring_errors():
        import keyring
        from keyring.errors import PasswordDeleteError

        try:
            keyring.delete_password(_SERVICE, id_)
        except PasswordDeleteError:
            return


@contextmanager
def _translate_keyring_errors() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise errors.StoreUnusable(
            f"{KEYRING_VARIABLE} selects a keyring, but the package keyring is not installed.",
            hint='Install it: pip install "jupyter_sessions[keyring]"',
        ) from error
    except errors.SessionsError:
        raise
    except Exception as error:  # backends raise arbitrary exceptions
        raise errors.StoreUnusable(
            f"The keyring can't be used: {type(error).__name__}.",
            hint=f"Unlock it, or unset {KEYRING_VARIABLE} and log in again.",
        ) from error
