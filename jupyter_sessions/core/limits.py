"""What a store takes and keeps, as whoever runs it configures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a store takes and keeps; sizes in bytes.

    Attributes
    ----------
    command
        Outputs of one command past this are cut, with a note.
    file
        A published file past this is refused.
    scratch_value
        A scratch value past this, as JSON, is refused.
    scratch
        A session's scratch values past this, together, are refused.
    restorable
        How long a removed session can be restored.
    login
        How long a login lives at most.
    login_idle
        How long it lives unused, where its holder did not ask for another time.
    longest_login_idle
        The longest time to live unused that one may ask for who is no administrator.
    invitation
        How long an invitation can be used, where its maker did not ask for another time.
    longest_invitation
        The longest time that one may ask for.
    guests
        Whether people without an account may come in by an invitation.
    audit
        How long the audit log is kept.
    """

    command: int = 256 * 2**20
    file: int = 2 * 2**30
    scratch_value: int = 256 * 2**10
    scratch: int = 4 * 2**20
    restorable: timedelta = timedelta(days=30)
    login: timedelta = timedelta(days=30)
    login_idle: timedelta = timedelta(days=7)
    longest_login_idle: timedelta = timedelta(days=30)
    invitation: timedelta = timedelta(days=7)
    longest_invitation: timedelta = timedelta(days=30)
    guests: bool = False
    audit: timedelta = timedelta(days=365)
