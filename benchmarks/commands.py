"""Commands to record, of about a kilobyte each: a cell that looks at a table, and the table."""

from __future__ import annotations

import itertools
import json
import secrets
from typing import Any

_SOURCE = """\
# Run ######: is it the wet months that are cold, or only the short days of the year?
monthly = weather.groupby(weather['date'].dt.month)[['temp_max', 'precipitation']].mean()
monthly['wet'] = weather[weather['precipitation'] > 0].groupby(
    weather['date'].dt.month)['precipitation'].count()
monthly = monthly.rename_axis('month').sort_index()
monthly.round(1).head()
"""
_TABLE = """\
      temp_max  precipitation  wet
date
1          7.9            4.0   60
2          9.7            3.5   55
3         12.1            4.2   64
4         14.9            2.9   51
5         19.1            1.7   37
"""
_RECORDING = {
    "id": f"{secrets.token_hex(8)}-######",
    "request": {
        "source": _SOURCE,
        "started": "2026-11-21T12:00:00Z",
        "kernel": "5d7b0a52-8e7e-4a54-9d1c-0c0a1f0a7c11",
        "notebook": "weather.ipynb",
        "execution_count": 1,
    },
    "response": {
        "status": "completed",
        "outputs": [
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "data": {"text/plain": _TABLE},
                "metadata": {},
            }
        ],
        "finished": "2026-11-21T12:00:01Z",
        "duration": 0.25,
    },
}
_NUMBER = "%012d"  # in place of each mark: as long in every recording
_numbers = itertools.count(1)


_TEMPLATE = json.dumps(_RECORDING, separators=(",", ":")).replace("######", _NUMBER).encode()

#: Bytes that one recording has as JSON.
SIZE = len(_TEMPLATE % (0, 0))


def body(count: int) -> bytes:
    """Return the body of a request that records `count` new commands."""
    return b'{"commands":[%b]}' % b",".join(
        _TEMPLATE % (number, number) for number in itertools.islice(_numbers, count)
    )


def rows(count: int) -> list[dict[str, Any]]:
    """Return `count` new commands as rows for another system's table, of the same content."""
    found = []
    for recording in json.loads(body(count))["commands"]:
        request, response = recording["request"], recording["response"]
        outputs = json.dumps(response.pop("outputs"), separators=(",", ":"))
        found.append({"id": recording["id"], **request, **response, "outputs": outputs})
    return found


def mark(body: bytes) -> bytes:
    """Return what stands in the source of a body's first command, and in no other."""
    return body[(start := body.index(b"# Run ")) : start + len("# Run ") + len(_NUMBER % 0)]
