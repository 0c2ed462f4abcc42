"""The panel as a whole."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.results import Line
from jupyter_sessions.client.transports.http import HttpTransport
from jupyter_sessions.widgets import SessionPanel
from tests.conftest import PASSWORD, Serve
from tests.widgets.conftest import WidgetStore, on_a_loop, until


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_picking_a_session_shows_it_in_all_parts(store: WidgetStore) -> None:
    one, other = store.new("One"), store.new("Other")
    store.record(one.code, "in one")
    store.publish(one.code, "one.txt", b"1")
    panel = SessionPanel(live=False)
    assert panel.session is None
    assert panel.tabs.layout.display == "none"
    assert panel.text() == "session panel, no session selected"
    panel.picker.list.value = one.code
    assert panel.session is not None
    assert panel.session.code == one.code
    assert panel.browser.commands[0].source == "in one"
    assert panel.webspace.files[0].path == "one.txt"
    assert panel.members.members[0].owner
    assert panel.text() == "session panel: One"
    panel.picker.list.value = other.code
    assert panel.browser.commands == []
    assert panel.webspace.files == []
    panel.close()


def test_a_panel_begins_with_a_session_and_marks_it(store: WidgetStore) -> None:
    session = store.new("Begin")
    panel = SessionPanel(session.code, live=False)
    assert panel.picker.list.value == session.code
    assert panel.choose.selected_index is None
    assert "Begin" in panel.title.value


def test_its_text_form_stands_in_the_display(store: WidgetStore) -> None:
    bundle = SessionPanel(store.new("Seattle"), live=False)._repr_mimebundle_()
    assert bundle["text/plain"] == "session panel: Seattle"
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.slow
def test_everything_is_live_and_closing_lets_go(store: WidgetStore) -> None:
    session = store.new("Live")

    async def look() -> None:
        panel = SessionPanel(session.code)
        store.record(session.code, "now")
        store.publish(session.code, "now.txt", b"1")
        request = schemas.UpdateSession(code=session.code, label="Renamed <i>")
        store.transport.call(api.UPDATE_SESSION, request)
        await until(lambda: panel.browser.commands, "no command")
        await until(lambda: panel.webspace.files, "no file")
        await until(lambda: "Renamed &lt;i&gt;" in panel.title.value, "no new label")
        assert "sessions-widget" in threads()
        panel.close()
        await until(lambda: "sessions-widget" not in threads(), "a thread stayed")
        assert panel.comm is None

    on_a_loop(look)


@pytest.mark.slow
def test_a_revoke_while_looking_ends_it(store: WidgetStore, serve: Serve) -> None:
    served = serve()
    store.account("bar")
    session = store.new("Shared")
    grants = [schemas.Grant(user="bar", roles=["read"])]
    store.transport.call(api.GRANT_ROLES, schemas.GrantRoles(code=session.code, grants=grants))
    store.record(session.code, "secret")
    entered = HttpTransport(served.url).call(
        api.LOG_IN, schemas.LogIn(user="bar", password=PASSWORD)
    )

    async def look() -> None:
        panel = SessionPanel(
            session.code,
            transport=HttpTransport(served.url, entered.key, "bar"),
            owns_transport=True,
        )
        assert panel.browser.commands[0].source == "secret"
        assert panel.record_here.layout.display == "none"
        store.transport.call(
            api.REVOKE_ROLES, schemas.RevokeRoles(code=session.code, users=["bar"])
        )
        await until(lambda: panel.session is None, "it went on")
        assert panel.browser.commands == []
        assert panel.notice.value
        panel.close()

    on_a_loop(look)


def test_a_code_that_is_none_changes_nothing(store: WidgetStore) -> None:
    session = store.new("Stays")
    panel = SessionPanel(session, live=False)
    with pytest.raises(errors.NoSuchSession):
        panel.show("9" * 22)
    assert panel.session == session


def test_the_notebook_is_recorded_at_the_press_of_a_button(store: WidgetStore) -> None:
    session = store.new("Here")
    recorded: list[str] = []

    def record(shown: schemas.Session, transport: object) -> list[Line]:
        assert transport is not store.transport
        recorded.append(shown.code)
        return [Line("Recording: <each> cell")]

    panel = SessionPanel(session, transport=store.transport, record=record, live=False)
    panel.record_here.click()
    assert recorded == [session.code]
    assert "Recording: &lt;each&gt; cell" in panel.notice.value


def test_without_ipywidgets_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "try: import jupyter_sessions.widgets\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert 'pip install "jupyter_sessions[widgets]"' in done.stdout
