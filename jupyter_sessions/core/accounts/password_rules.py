"""Reject weak passwords: those that an attacker would try first."""

from __future__ import annotations

import re
from functools import cache

from jupyter_sessions.errors import WeakPassword

#: Words that an attacker would try on this product, whatever surrounds them.
CONTEXT_WORDS = frozenset(
    {
        "admin",
        "administrator",
        "experiment",
        "ipython",
        "jupyter",
        "jupyterhub",
        "jupyterlab",
        "jupytersession",
        "jupytersessions",
        "kernel",
        "notebook",
        "password",
        "session",
        "sessions",
    }
)

_RULES = "Use at least 8 characters of any kind. Several words make a good password."
_NOT_LETTERS = re.compile(r"[\W\d_]+")


@cache
def _common() -> frozenset[str]:
    # On use: most processes never handle a password.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def check_password(password: str, *about: str) -> None:
    """Check a password that a user chooses.

    The schema of the request checks the length. There are no rules about kinds of characters.

    Parameters
    ----------
    password
        The password, exactly as it was entered.
    about
        What is known of the account: its name and display name.

    Raises
    ------
    WeakPassword
        If it is a common password, or only a name or a word of this product with digits and symbols
        around it.
    """
    folded = password.casefold()
    if folded in _common():
        raise WeakPassword(
            "This password is one of the most common ones, which attackers try first.", hint=_RULES
        )
    letters = _NOT_LETTERS.sub("", folded)
    names = {
        _NOT_LETTERS.sub("", part.casefold()) for name in about for part in [name, *name.split()]
    }
    if letters in CONTEXT_WORDS | (names - {""}):
        raise WeakPassword(
            "This password is only a name or a word of this product, with digits or symbols added.",
            hint=_RULES,
        )
    if len(set(folded)) < 3:
        raise WeakPassword("This password repeats one or two characters.", hint=_RULES)
