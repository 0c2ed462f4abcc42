"""Write the audit log to a file: one JSON object a line, readable only by the server's user."""

from __future__ import annotations

import io
import logging
import os
from logging.handlers import RotatingFileHandler
from typing import Any

import msgspec

_LARGEST = 50 * 2**20  # bytes
_BACKUPS = 10  # rotated files that are kept beside the current one

_encode = msgspec.json.Encoder().encode


class AuditFile(RotatingFileHandler):
    """Write audit log entries to a file, and rotate it when it grows large."""

    def __init__(self, path: str) -> None:
        super().__init__(path, maxBytes=_LARGEST, backupCount=_BACKUPS, encoding="utf-8")

    def _open(self) -> Any:
        # Private to the owner from the first byte.
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(io.FileIO(descriptor, "a"), "utf-8", write_through=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return an entry as JSON, which escapes line breaks so that no line can be forged."""
        entry = getattr(record, "audit", None)
        return _encode(entry if entry is not None else {"message": record.getMessage()}).decode()


def write_audit_log(path: str, otherwise: logging.Logger) -> logging.Handler | None:
    """Direct the audit log to a file, or to the server's log.

    Parameters
    ----------
    path
        The file; empty to use the server's log.
    otherwise
        The server's logger.

    Returns
    -------
    logging.Handler or None
        The handler that writes the file, to be closed at the end.
    """
    log = logging.getLogger("jupyter_sessions.audit")
    log.setLevel(logging.INFO)
    log.propagate = False
    for handler in [each for each in log.handlers if not isinstance(each, logging.NullHandler)]:
        log.removeHandler(handler)
    if not path:
        for handler in otherwise.handlers:
            log.addHandler(handler)
        return None
    file = AuditFile(path)
    log.addHandler(file)
    return file
