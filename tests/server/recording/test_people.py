"""Several people at one Jupyter server: who may use attachments, and who ran a command."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from websocket import WebSocketTimeoutException

from jupyter_sessions import api
from jupyter_sessions.api import OPERATIONS, Needs
from tests.server.recording.jupyter import Jupyter, request
from tests.waiting import STARTED_WITHIN

ROUTES = [each for each in OPERATIONS.values() if each.needs is Needs.KERNELS]


def users(people: Jupyter, code: str) -> dict[str, str]:
    """Return who has run what."""
    return {each["source"]: each["user"] for each in people.history(code)}


def test_a_command_is_of_the_user_who_sent_it_whatever_the_message_claims(people: Jupyter) -> None:
    anna, ben = people.as_user("anna"), people.as_user("ben")
    code, kernel = anna.session(), anna.kernel()
    ben.session()  # so that he is known here
    anna.grant(code, "ben", "write")
    assert anna.attach(kernel, code)["user"] == "anna"
    anna.run(kernel, "'of anna'", claims="ben")
    ben.run(kernel, "'of ben'", claims="anna")
    anna.attachment(kernel)
    assert users(anna, code) == {"'of anna'": "anna", "'of ben'": "ben"}


def test_a_command_of_who_may_not_write_is_kept_and_of_nobody(people: Jupyter) -> None:
    anna, cleo = people.as_user("anna"), people.as_user("cleo")
    code, kernel = anna.session(), anna.kernel()
    cleo.session()
    anna.attach(kernel, code)
    cleo.run(kernel, "'of cleo'")
    anna.attachment(kernel)
    assert users(anna, code) == {"'of cleo'": ""}


def test_nobody_can_run_something_under_anothers_request(people: Jupyter) -> None:
    anna, ben = people.as_user("anna"), people.as_user("ben")
    code, kernel = anna.session(), anna.kernel()
    anna.attach(kernel, code)
    taken = uuid.uuid4().hex
    anna.run(kernel, "print('mine')", msg_id=taken)
    with pytest.raises(WebSocketTimeoutException), ben.connected(kernel) as connection:
        connection.settimeout(2)
        connection.send(json.dumps(request("print('not mine')", taken, "anna")))
        while True:
            message = json.loads(connection.recv())
            assert message["content"].get("code") != "print('not mine')"
    anna.attachment(kernel)
    assert anna.history(code)[0]["preview"] == "mine\n"
    assert len(anna.history(code)) == 1


def test_who_has_no_role_sees_that_a_kernel_is_recorded_and_not_where(people: Jupyter) -> None:
    anna, ben = people.as_user("anna"), people.as_user("dora")
    code, kernel = anna.session(label="Private"), anna.kernel()
    anna.attach(kernel, code)
    seen = ben.attachment(kernel)
    assert (seen["state"], seen["user"]) == ("recording", "anna")
    assert (seen["session"], seen["label"], seen["url"]) == ("", "", None)
    listed = ben.ask("GET", "/sessions/api/attachments?limit=500")
    assert code not in str(listed)
    assert "Private" not in str(listed)
    assert ben.attach(kernel, code, 404)["code"] == "no_such_session"
    assert anna.attachment(kernel)["session"] == code


def test_a_kernel_says_that_it_is_recorded_into_what_can_not_be_seen_from_it(
    people: Jupyter,
) -> None:
    anna = people.as_user("anna")
    code, kernel = anna.session(label="Private"), anna.kernel()
    anna.run(kernel, "%load_ext jupyter_sessions")
    assert "not attached to a session" in anna.run(kernel, "%session")
    anna.attach(kernel, code)
    said = anna.run(kernel, "%session") + anna.run(kernel, "%session detach")
    assert said.count("anna records this kernel") == 2
    assert "not attached to a session" not in said
    assert "Private" not in said
    anna.detach(kernel)
    assert "not attached to a session" in anna.run(kernel, "%session")


def test_stored_logins_are_not_for_everyone_at_the_server(people: Jupyter) -> None:
    anna = people.as_user("anna")
    elsewhere = f"https://sessions.example/sessions/{'1' * 22}/experiment"
    assert anna.attach(anna.kernel(), elsewhere, 403)["code"] == "forbidden"


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
def test_kernels_are_for_those_whom_the_jupyter_server_lets_use_them(
    people: Jupyter, operation: api.Operation[Any, Any]
) -> None:
    anna = people.as_user("anna")
    code, kernel = anna.session(), anna.kernel()
    anna.attach(kernel, code)
    path = f"/sessions/api{operation.path.format(kernel=kernel)}"
    body = {
        "attachments.put": {"session": code},
        "attachments.change": {"paused": False},
    }.get(operation.name)

    def asked(token: str | None) -> tuple[int, str]:
        headers = {} if token is None else {"Authorization": token}
        url = people.server.url + path
        answer = httpx.request(
            operation.method, url, headers=headers, json=body, timeout=STARTED_WITHIN
        )
        return answer.status_code, answer.json().get("code", "")

    ticket = anna.ask("POST", "/sessions/api/tickets", json={})["ticket"]
    login = people.ask("POST", "/sessions/api/login/ticket", json={"ticket": ticket}, headers={})
    assert asked(None) == (401, "not_signed_in")
    assert asked(f"Bearer {login['key']}") == (401, "not_signed_in")
    assert asked("token token-of-guest") == (403, "forbidden")
    assert asked("Bearer jprc_not-the-secret") == (401, "not_signed_in")
    assert asked("token token-of-anna")[0] == 200
