"""How many transactions of the store a session's page takes: few, whatever it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Store
from tests.server.serving import Place, bearer, key_for

_LOGGED = {"loggers": {"sqlalchemy.engine.Engine": {"level": "INFO", "handlers": ["console"]}}}


class Pages:
    """A server that logs its transactions, and somebody who looks at its pages."""

    def __init__(self, http: httpx.Client, store: Store, log_of: Place) -> None:
        self.http = http
        self.store = store
        self._place = log_of

    def transactions(self, path: str) -> int:
        """Return how many transactions a page takes, the fewest of three times."""
        counts = []
        for _ in range(3):
            before = self._logged()
            answer = self.http.get(path)
            assert answer.status_code == 200, answer.text
            counts.append(self._logged() - before)
        return min(counts)

    def _logged(self) -> int:
        return sum(
            log.read_text(errors="replace").count("BEGIN (implicit)")
            for log in self._place.folder.glob("serve-*.log")
        )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    place = Place(tmp_path_factory.mktemp("place"))
    logging = f"--SessionsExtension.logging_config={json.dumps(_LOGGED)}"
    with (
        place.serve(logging) as server,
        place.open_store() as store,
        httpx.Client(base_url=server.url, headers=bearer(key_for(store, "root"))) as http,
    ):
        yield Pages(http, store, place)


@pytest.mark.parametrize("commands", [0, 1, 50])
def test_a_page_of_the_history_takes_three_transactions_at_most(
    pages: Pages, commands: int
) -> None:
    code = pages.store.new().code
    for number in range(commands):
        pages.store.record(code, f"print({number})", text=f"{number}\n")
    page = f"/sessions/{code}/experiment"
    text = pages.http.get(page).text
    assert text.count('<article class="command') == commands
    assert text.count("data-pending") == 0
    assert 1 <= pages.transactions(page) <= 3
    if commands:
        assert 1 <= pages.transactions(f"{page}?before={commands}") <= 3
        assert 1 <= pages.transactions(f"{page}/commands/1") <= 3
    for tab in ("files", "members", "activity"):
        assert 1 <= pages.transactions(f"{page}/{tab}") <= 3
