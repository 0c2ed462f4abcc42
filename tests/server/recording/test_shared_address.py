"""The address that JupyterLab copies for a colleague: of a server for others, if one runs."""

from __future__ import annotations

from jupyter_sessions.server.shared_address import SharedAddress
from tests.server.recording.jupyter import Jupyter

ROUTE = "/sessions/api/address"


def test_a_jupyter_server_of_one_machine_says_that_others_cant_open_its_address(
    jupyter: Jupyter,
) -> None:
    told = jupyter.ask("GET", ROUTE)
    assert told["url"].rpartition(":")[2] == str(jupyter.server.port)
    assert "Only this machine can open this address" in told["problem"]
    assert "jupyter sessions serve --ip=0.0.0.0" in told["problem"]


def test_the_address_is_of_the_sessions_server_on_the_same_store_where_one_runs(
    jupyter: Jupyter,
) -> None:
    with jupyter.place.serve("--public-url=https://sessions.example/team"):
        told = jupyter.ask("GET", ROUTE)
        assert told == {"url": "https://sessions.example/team", "problem": ""}
    assert jupyter.ask("GET", ROUTE)["problem"]


def test_behind_a_proxy_it_is_the_address_by_which_the_caller_came() -> None:
    address = SharedAddress("sqlite:////nowhere/sessions.db", "http://10.0.0.7:8888")
    assert address.find("https://hub.example.org/user/olga").url.startswith("https://hub.example")
    # On the machine itself a server that listens for others has an address that is for them.
    assert address.find("http://localhost:8888").url == "http://10.0.0.7:8888"


def test_it_is_for_those_who_may_use_the_jupyter_server(people: Jupyter) -> None:
    assert people.as_user("guest").ask("GET", ROUTE, 403)["code"] == "forbidden"
    assert people.as_user("anna").ask("GET", ROUTE)["url"]
