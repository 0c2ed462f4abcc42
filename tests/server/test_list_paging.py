"""A list in memory comes page by page: each item once, and again where its place is gone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jupyter_sessions.server.list_paging import take_page


@dataclass
class Asked:
    limit: int
    after: str | None = None


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 20])
def test_each_item_is_on_one_page(limit: int) -> None:
    items, found, asked = list("abcdef"), [], Asked(limit)
    while True:
        page = take_page(items, asked, str)
        assert 0 < len(page.items) <= limit
        found += page.items
        if page.next is None:
            break
        asked.after = page.next
    assert found == items


def test_a_list_begins_again_where_its_place_is_gone() -> None:
    assert take_page(["a", "c"], Asked(1, "b"), str).items == ["a"]
    assert take_page([], Asked(1), str).next is None
