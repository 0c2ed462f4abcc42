"""Who one is in JupyterLab: switching between stored logins, and back."""

from __future__ import annotations

from playwright.sync_api import expect

from jupyter_sessions import api, schemas
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import PASSWORD
from tests.lab.conftest import Desk, Lab, Sit
from tests.lab.test_notebooks import choose


def switch(desk: Desk, item: str) -> None:
    desk.panel().get_by_role("button", name="Switch").click()
    desk.page.locator(".lm-Menu").get_by_role("menuitem", name=item).click()


def test_one_switches_to_a_stored_login_records_as_whom_it_stands_for_and_logs_out(
    lab: Lab, sit: Sit
) -> None:
    account = schemas.NewAccount(name="bar", password=PASSWORD)
    lab.store.call("root", api.ADD_ACCOUNT, account)
    key = lab.store.call("root", api.LOG_IN, schemas.LogIn(user="bar", password=PASSWORD)).key
    made = lab.store.dispatcher.submit(
        api.CREATE_SESSION, schemas.NewSession(label="Of bar"), KeyHolder(key)
    )
    code = made.result().code
    lab.store_login("bar", lab.url, key)
    lab.store_login("bar", "https://sessions.invalid", "jses_of-another-server")
    lab.session("Of olga", owner="olga")

    desk = sit("olga")
    panel = desk.panel()
    expect(panel.locator(".jp-Sessions-session")).to_contain_text(["Of olga"])
    switch(desk, "Switch to bar")
    expect(panel.locator(".jp-Sessions-me")).to_contain_text("bar")
    expect(panel.locator(".jp-Sessions-session")).to_contain_text(["Of bar"])

    notebook = desk.open_notebook(lab.notebook("of_bar.ipynb", "print(6 * 7)"))
    choose(desk, notebook, "Record into Of bar")
    expect(panel.get_by_role("img", name="The active notebook records")).to_be_visible()
    desk.run_cell(notebook)
    expect(notebook.locator(".jp-CodeCell").first).to_have_attribute(
        "data-jp-sessions-command", "1"
    )
    asked = lab.store.dispatcher.submit(
        api.LIST_COMMANDS, schemas.ListCommands(code=code), KeyHolder(key)
    )
    assert asked.result().items[0].user == "bar"

    # What can't be opened changes nothing, and says so.
    switch(desk, "Open sessions.invalid as bar")
    expect(desk.page.get_by_text("The login was not switched.").first).to_be_visible()
    switch(desk, "Log Out of bar")
    expect(panel.locator(".jp-Sessions-me")).to_contain_text("olga")
    expect(panel.locator(".jp-Sessions-session")).to_contain_text(["Of olga"])


def test_others_at_the_server_are_offered_no_stored_logins(sit: Sit) -> None:
    desk = sit("alice")
    desk.panel().get_by_role("button", name="Switch").click()
    expect(desk.page.locator(".lm-Menu").get_by_role("menuitem")).to_have_text(
        ["Log In as Another…"]
    )
