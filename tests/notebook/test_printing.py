"""What a notebook prints of the web space, and what it keeps to itself."""

from __future__ import annotations

from tests.notebook.conftest import Start


def test_a_published_text_is_printed_and_a_way_in_is_not_recorded(start: Start) -> None:
    kernel = start()
    kernel.good("%session new Printing")
    kernel.good("'Zürich'")
    kernel.good("%session publish --as city.txt")
    assert "Zürich" in kernel.good("%session get city.txt -o -").text
    kernel.good("data = b'\\xff\\xfe'")
    kernel.good("%session publish data")
    refused = kernel("%session get data.bin -o -").error
    assert refused.ename == "BadRequest"

    # Its output may hold an address that lets its first reader in as its author.
    kernel.good("%session web")
    assert "%session web" not in kernel.good("%session history").text
