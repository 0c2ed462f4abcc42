"""What msgspec has to know of a shape before threads share it."""

from __future__ import annotations

from typing import Any

from msgspec.json import Decoder


def ready(*kinds: Any) -> None:
    """Have msgspec learn these types now, while one thread alone can use them.

    It learns a type when it first decodes one, and two threads that do so at once end the process
    (msgspec 0.22: a null pointer). Every module with types of its own calls this at import.
    """
    for kind in kinds:
        Decoder(kind)
