"""Flipped bits, zeros and cuts in blobs: nothing wrong is given out, and a check finds each."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from jupyter_sessions import errors
from jupyter_sessions.store.blobs import Blob, Blobs


def run_damage(rounds: int, seed: int) -> dict[str, int]:
    """Damage a blob `rounds` times in a way of its own, read all or a part of it, and count.

    Returns
    -------
    dict
        How many reads were ``refused``, how many gave the right bytes (``right``: the damage lay
        elsewhere), how many gave a ``wrong`` one, how many damages a check ``found``, and how many
        were ``harmless``: the content is whole all the same.
    """
    noise = random.Random(seed)
    counts = {"rounds": rounds, "refused": 0, "right": 0, "wrong": 0, "found": 0, "harmless": 0}
    with tempfile.TemporaryDirectory() as folder:
        store = Blobs(Path(folder))
        made = [_make(store, noise, size) for size in (100, 70_000, 1_048_576, 3_500_000)]
        for _ in range(rounds):
            blob, content = noise.choice(made)
            path = Path(folder, blob.sha256[:2], blob.sha256[2:])
            sound = path.read_bytes()
            path.write_bytes(_damaged(sound, noise))
            start = noise.choice([0, noise.randrange(blob.size)])
            stop = noise.choice([blob.size, noise.randrange(start, blob.size) + 1])
            given = b""
            try:
                for piece in Blobs(Path(folder)).stream(blob, start, stop):
                    given += piece
            except errors.ContentDamaged:
                counts["refused"] += 1
            else:
                counts["right"] += given == content[start:stop]
            counts["wrong"] += not content[start:stop].startswith(given)
            try:
                store.verify(blob)
            except errors.ContentDamaged:
                counts["found"] += 1
            else:
                # The end of a compressed blob is a checksum: where it is cut, the content is whole.
                counts["harmless"] += Blobs(Path(folder)).read(blob) == content
            path.write_bytes(sound)
    print(f"damage to blobs, seed {seed}: {counts}")
    return counts


def _make(store: Blobs, noise: random.Random, size: int) -> tuple[Blob, bytes]:
    content = noise.randbytes(size)
    if noise.random() < 0.5:
        content = content.hex().encode()[:size]
    return store.put(content), content


def _damaged(sound: bytes, noise: random.Random) -> bytes:
    harmed = bytearray(sound)
    at = noise.randrange(len(sound))
    match noise.choice(["flip", "zeros", "cut"]):
        case "flip":
            harmed[at] ^= 1 << noise.randrange(8)
        case "zeros":
            length = min(len(sound) - at, 4096)
            harmed[at : at + length] = bytes(length)
        case _:
            del harmed[at:]
    if bytes(harmed) == sound:
        harmed[at] ^= 1
    return bytes(harmed)
