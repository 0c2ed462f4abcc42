"""Lines about requests are composed only where the log shows them."""

from __future__ import annotations

import asyncio
import logging

import pytest
from jupyter_server.prometheus.metrics import HTTP_REQUEST_DURATION_SECONDS
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from jupyter_sessions.server.access_log import skip_unlogged

STATUSES = ("200", "302", "304", "404", "500")


class Status(RequestHandler):
    """Answers with the status that is asked for."""

    @property
    def log(self) -> logging.Logger:
        """The logger of the test."""
        return logging.getLogger("test_access_log")

    def get(self, status: str) -> None:
        """Answer."""
        self.set_status(int(status))


async def ask(application: Application) -> None:
    """Ask for each status once."""
    server = HTTPServer(application)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    for status in STATUSES:
        url = f"http://127.0.0.1:{port}/{status}"
        await AsyncHTTPClient().fetch(url, follow_redirects=False, raise_error=False)
    server.stop()
    await server.close_all_connections()


def counted() -> float:
    """Return how many of these requests Prometheus' metrics count."""
    (metric,) = HTTP_REQUEST_DURATION_SECONDS.collect()
    return sum(
        sample.value
        for sample in metric.samples
        if sample.name.endswith("_count") and sample.labels["handler"] == f"{__name__}.Status"
    )


@pytest.mark.parametrize(
    ("level", "logged"),
    [
        (logging.DEBUG, ["200", "302", "304", "404", "500"]),
        (logging.INFO, ["302", "404", "500"]),
        (logging.WARNING, ["404", "500"]),
    ],
)
@pytest.mark.parametrize("count_requests", [True, False])
def test_requests_are_logged_by_their_status_and_all_are_counted(
    level: int, logged: list[str], count_requests: bool
) -> None:
    logging.getLogger("test_access_log").setLevel(level)
    lines: list[str] = []
    log = skip_unlogged(
        lambda handler: lines.append(str(handler.get_status())), count_requests=count_requests
    )
    before = counted()
    asyncio.run(ask(Application([("/([0-9]+)", Status)], log_function=log)))
    assert lines == logged
    # What is logged is counted by the log function itself.
    assert counted() - before == (len(STATUSES) - len(logged) if count_requests else 0)
