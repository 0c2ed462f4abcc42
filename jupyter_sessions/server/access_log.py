"""Log requests as Jupyter does, without composing lines that the log's level leaves out."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jupyter_server.prometheus.log_functions import prometheus_log_method
from tornado.web import RequestHandler

LogFunction = Callable[[RequestHandler], None]


def skip_unlogged(log_request: LogFunction, *, count_requests: bool) -> LogFunction:
    """Return a log function that calls `log_request` only for requests that will be logged.

    Parameters
    ----------
    log_request
        Jupyter's log function; it logs successes as debug messages and redirects as information.
    count_requests
        Whether Prometheus' metrics count the requests, as `log_request` does.
    """

    def log_some(handler: RequestHandler) -> None:
        status = handler.get_status()
        log: logging.Logger = getattr(handler, "log", logging.getLogger("tornado.access"))
        level = logging.DEBUG if status < 300 or status == 304 else logging.INFO
        if status >= 400 or log.isEnabledFor(level):
            log_request(handler)
        elif count_requests:
            prometheus_log_method(handler)  # type: ignore[no-untyped-call]

    return log_some
