"""Create and check the codes of a second factor: by time (RFC 6238), and recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from jupyter_sessions.store.tables import recovery_codes, second_factors

_STEP = 30  # seconds, the step that every authenticator app uses
# A code is still accepted while the next one is shown.
_STEPS_BEFORE = 1
_RECOVERY_CODES = 10
# 24 letters of 5 bits: above 112 bits, a plain hash is secure enough for storage.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_LENGTH = 24
_GROUP = 4


def make_secret() -> str:
    """Return a new secret for a second factor: 160 bits, in base 32."""
    import pyotp

    return pyotp.random_base32()


def secret_uri(secret: str, user: str, host: str) -> str:
    """Return the URI that an authenticator app reads from a QR code."""
    import pyotp

    issuer = f"Jupyter sessions {host}".strip().replace(":", " ")
    return pyotp.TOTP(secret).provisioning_uri(name=user.replace(":", " "), issuer_name=issuer)


def is_enabled(connection: Connection, user_id: int) -> bool:
    """Return whether an account has an enabled second factor."""
    found = select(second_factors.c.user_id).where(
        second_factors.c.user_id == user_id, second_factors.c.enabled.is_not(None)
    )
    return connection.execute(found).first() is not None


def is_right(connection: Connection, user_id: int, code: str, now: datetime) -> bool:
    """Return whether a code would be accepted now, without using it up."""
    return _find_step(connection, user_id, code, now) is not None or _is_recovery(
        connection, user_id, code
    )


def use_code(connection: Connection, user_id: int, code: str, now: datetime) -> bool:
    """Use up a code; return False if it is wrong or was already used."""
    step = _find_step(connection, user_id, code, now)
    if step is not None:
        used = connection.execute(
            update(second_factors)
            .where(second_factors.c.user_id == user_id, second_factors.c.last_step < step)
            .values(last_step=step)
        )
        return used.rowcount == 1
    mine = recovery_codes.c.user_id == user_id, recovery_codes.c.hash == _digest(code)
    return connection.execute(delete(recovery_codes).where(*mine)).rowcount == 1


def make_recovery_codes(connection: Connection, user_id: int) -> list[str]:
    """Create recovery codes, replacing earlier ones, and return them."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    codes = []
    for _ in range(_RECOVERY_CODES):
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        codes.append("-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)))
    rows = [{"hash": _digest(code), "user_id": user_id} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return codes


def remove(connection: Connection, user_id: int) -> bool:
    """Remove a second factor with its recovery codes; return whether there was one."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    gone = delete(second_factors).where(second_factors.c.user_id == user_id)
    return connection.execute(gone).rowcount > 0


def _find_step(connection: Connection, user_id: int, code: str, now: datetime) -> int | None:
    """Return the time step of a code, if it is a current step that was not used yet."""
    import pyotp

    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdecimal() and len(typed) == 6):
        return None
    row = connection.execute(
        select(second_factors).where(second_factors.c.user_id == user_id)
    ).one_or_none()
    if row is None:
        return None
    totp, present = pyotp.TOTP(row.secret, interval=_STEP), int(now.timestamp()) // _STEP
    for step in range(present, present - _STEPS_BEFORE - 1, -1):
        if hmac.compare_digest(totp.at(step * _STEP), typed) and step > row.last_step:
            return step
    return None


def _is_recovery(connection: Connection, user_id: int, code: str) -> bool:
    mine = recovery_codes.c.user_id == user_id, recovery_codes.c.hash == _digest(code)
    return connection.execute(select(recovery_codes.c.hash).where(*mine)).first() is not None


def _digest(code: str) -> str:
    letters = "".join(letter for letter in code.casefold() if letter in _LETTERS)
    return hashlib.sha256(letters.encode()).hexdigest()
