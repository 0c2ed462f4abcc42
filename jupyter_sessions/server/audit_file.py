"""The audit log's file: one JSON object a line, for the server's user alone."""

from __future__ import annotations

import io
import logging
import os
from logging.handlers import RotatingFileHandler
from typing import Any

import msgspec

_LARGEST = 50 * 2**20  # bytes
_KEPT = 10  # files beside the one that is written

_encode = msgspec.json.Encoder().encode


class AuditFile(RotatingFileHandler):
    """Writes entries of the audit log into a file, and begins another when it is large."""

    def __init__(self, path: str) -> None:
        super().__init__(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")

    def _open(self) -> Any:
        # For the owner's eyes only, from its first byte.
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(io.FileIO(descriptor, "a"), "utf-8", write_through=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return an entry as JSON, in which no line can be forged."""
        entry = getattr(record, "audit", None)
        return _encode(entry if entry is not None else {"message": record.getMessage()}).decode()


def write_audit_log(path: str, otherwise: logging.Logger) -> logging.Handler | None:
    """Have the audit log written into a file, or with all else that a server logs.

    Parameters
    ----------
    path
        The file; empty for none.
    otherwise
        The server's logger.

    Returns
    -------
    logging.Handler or None
        What writes the file, to be closed at the end.
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
