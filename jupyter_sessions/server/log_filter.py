"""Remove keys from log records, wherever they occur: in a URL, a user name or a message."""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote

#: All our secrets begin with one of these: keys, tickets, invitations, a process's secret.
_KEY = re.compile(r"j(?:ses|tik|inv|prc)_[A-Za-z0-9_-]{8,}")
_ESCAPED = re.compile(r"\S*%[0-9A-Fa-f]{2}\S*")


def hide_keys_in(text: str) -> str:
    """Return `text` with each key cut to its prefix, even if it was percent-encoded."""
    hidden = _KEY.sub(_cut, text)
    return _ESCAPED.sub(_decoded, hidden) if "%" in hidden else hidden


def _decoded(word: re.Match[str]) -> str:
    """Return a word unchanged, or decoded and without the keys that it held."""
    plain = unquote(word[0])
    return _KEY.sub(_cut, plain) if _KEY.search(plain) else word[0]


def _cut(key: re.Match[str]) -> str:
    return f"{key[0][:5]}[secret]"


class KeyFilter(logging.Filter):
    """Logging filter that removes keys from everything a handler writes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact keys in the record; let every record through."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return True  # logging itself reports a line that can't be formatted
        hidden = hide_keys_in(said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            text = logging.Formatter().formatException(record.exc_info)
            if hide_keys_in(text) != text:
                record.exc_text = hide_keys_in(text)
        return True


def hide_keys(*loggers: logging.Logger) -> None:
    """Install the filter on the handlers of `loggers` and of their ancestors."""
    for logger in loggers:
        above: logging.Logger | None = logger
        while above is not None:
            for handler in above.handlers:
                if not any(isinstance(each, KeyFilter) for each in handler.filters):
                    handler.addFilter(KeyFilter())
            above = above.parent if above.propagate else None
