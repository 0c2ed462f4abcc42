"""A login lives as long as it is used, be it for reading alone."""

from jupyter_sessions import api, schemas


def test_who_only_reads_every_day_stays_logged_in(store):
    store.add("reader")
    for _ in range(20):
        store.clock.forward(days=1)
        store.call("reader", api.LIST_SESSIONS, schemas.ListSessions())
        # Written down beside the answer: the next write comes after it.
        store.new()
    assert store.call("reader", api.WHO_AM_I, schemas.Nothing()).name == "reader"
