"""A list of commands delivers their outputs, as far as a budget goes."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from jupyter_sessions import api, errors
from tests.conftest import Store
from tests.core.asking import command, commands, do, join, record, recorded, refused, running


def test_without_a_budget_no_outputs_come(store: Store) -> None:
    code = store.new().code
    record(store, code, recorded(store, text="hello"))
    (listed,) = commands(store, code)
    assert listed.output_list is msgspec.UNSET
    assert b"output_list" not in msgspec.json.encode(listed)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("search", ["", "word"])
def test_outputs_come_as_they_were_recorded_and_the_source_is_whole(
    store: Store, order: str, search: str
) -> None:
    code = store.new().code
    long = "word = 1\n" + "x" * 10_000
    record(
        store,
        code,
        recorded(store, "print('word')", text="hello"),
        recorded(store, long, text="many\n" * 50_000),
        recorded(store, "word = 2"),
        running(store, "still", "word = 3", after=5),
    )
    found = commands(store, code, outputs_budget=4_000_000, order=order, search=search)
    assert len(found) == 4
    for listed in found:
        whole = command(store, code, listed.number)
        assert whole.request is not None
        assert listed.output_list == whole.outputs
        assert (listed.source, listed.source_cut) == (whole.request.source, False)


def test_what_does_not_fit_is_listed_without_outputs(store: Store) -> None:
    code = store.new().code
    sizes = [1_000, 60_000, 2_000, 60_000, 30_000]
    record(store, code, *(recorded(store, text="x" * size) for size in sizes))
    found = commands(store, code, outputs_budget=100_000, order="oldest")
    assert [each.output_list is not msgspec.UNSET for each in found] == [
        True, True, True, False, True
    ]  # fmt: skip
    assert sum(each.size for each in found if each.output_list) <= 100_000
    # A long source counts, too.
    record(store, code, recorded(store, "y" * 99_000, text="x" * 2_000))
    (last,) = commands(store, code, outputs_budget=100_000, limit=1)
    assert (last.output_list, last.source_cut) == (msgspec.UNSET, True)


def test_what_was_forgotten_comes_without_outputs(store: Store) -> None:
    code = store.new().code
    record(store, code, recorded(store, "secret", text="secret"))
    do(store, "root", api.FORGET_COMMAND, code=code, number=1)
    (listed,) = commands(store, code, outputs_budget=1_000)
    assert (listed.output_list, listed.source) == (msgspec.UNSET, "")


def test_damaged_outputs_do_not_hide_the_other_commands(store: Store, tmp_path: Path) -> None:
    code = store.new().code
    noise = os.urandom(100_000).hex()
    record(store, code, recorded(store, text=noise), recorded(store, text="whole"))
    for blob in (tmp_path / "blobs").rglob("*"):
        if blob.is_file():
            blob.write_bytes(b"damaged")
    newest, oldest = commands(store, code, outputs_budget=1_000_000)
    assert oldest.output_list is msgspec.UNSET
    assert newest.output_list
    with refused(errors.ContentDamaged):
        command(store, code, 1)


def test_outputs_in_a_list_need_the_role_read(store: Store) -> None:
    join(store, "ann", "bob", "cleo")
    code = store.new("ann").code
    store.grant(code, "bob", "execute", by="ann")
    for who, error in (("bob", errors.RoleMissing), ("cleo", errors.NoSuchSession)):
        with refused(error):
            commands(store, code, who, outputs_budget=1_000)
