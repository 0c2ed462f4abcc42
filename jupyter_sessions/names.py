"""Compare the names of users, groups and files, and recognize guests by their names."""

from __future__ import annotations

import unicodedata

#: The prefix of a guest's name. It has a character that user names can't have, so that nobody with
#: an account is mistaken for a guest, or the other way round.
GUEST_MARK = "guest~"


def fold_name(name: str) -> str:
    """Return the form in which names are compared, in every part of the product.

    Two names are the same if they look the same: their NFKC, case-folded forms are equal.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def remove_guest_mark(name: str) -> str:
    """Return a user's name without the mark of a guest, which is shown separately."""
    return name.removeprefix(GUEST_MARK)
