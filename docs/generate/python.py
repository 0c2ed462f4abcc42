"""The page of the Python API, from its signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_sessions import Connection, Session, connect
from jupyter_sessions.client.session import Scratch

_SECTION = re.compile(r"(\w+)\n-{3,}\n")


class _Annotation(str):
    """An annotation that signatures show as it is written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def python_page() -> Iterator[str]:
    """Describe the Python API."""
    yield "\n# Python\n"
    yield "`from jupyter_sessions import connect` is all that a script needs; see"
    yield "[work from a script](../how-to/scripts.md). Answers are [schemas](schemas.md), classes"
    yield "of `jupyter_sessions.schemas`; what fails raises one of [the errors](errors.md), a"
    yield "class of `jupyter_sessions.errors`.\n"
    yield "## connect\n"
    yield from _called("connect", connect)
    for kind in (Connection, Session, Scratch):
        yield f"## {kind.__name__}\n"
        yield from _docstring(kind)
        for name, member in _members(kind):
            yield f"### {kind.__name__}.{name}\n"
            if isinstance(member, property):
                answer = inspect.signature(member.fget).return_annotation if member.fget else "Any"
                yield f"```python\n{name}: {answer}\n```\n"
                yield from _docstring(member)
            else:
                yield from _called(name, member)


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield a class's public members, base classes of ours first, in the order of the source."""
    seen = set()
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith("jupyter_sessions."):
            continue
        for name in vars(base):
            member = getattr(kind, name)
            if not name.startswith("_") and name not in seen and inspect.getdoc(member):
                seen.add(name)
                yield name, member


def _called(name: str, function: Callable[..., Any]) -> Iterator[str]:
    signature = inspect.signature(function)
    kept = [
        each.replace(annotation=_Annotation(each.annotation))
        for each in signature.parameters.values()
        if each.name != "self"
    ]
    answer = _Annotation(signature.return_annotation)
    shown = signature.replace(parameters=kept, return_annotation=answer)
    yield f"```python\n{name}{shown}\n```\n"
    yield from _docstring(function)


def _docstring(described: object) -> Iterator[str]:
    text, *sections = _SECTION.split(_marked(inspect.getdoc(described) or ""))
    yield text.strip() + "\n"
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        yield f"{heading}:\n"
        for line in body.strip().splitlines():
            yield f"  {line.strip()}" if line.startswith(" ") else f"- **{line.strip()}**"
        yield ""


def _marked(text: str) -> str:
    return text.replace("``", "`")
