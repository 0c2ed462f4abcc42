"""``jupyter sessions serve``: comes up, tells where it is, and goes down without losing anything."""


def test_a_server_stops_cleanly_on_sigterm(serve):
    served = serve()
    assert served.stop() == 0
