"""Sessions in JupyterLab: found in the side panel, looked at in a tab, by two people at once."""

from __future__ import annotations

import re

from playwright.sync_api import Response, expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import command, shown, text, wait_until
from tests.lab.conftest import PATIENCE, Complaints, Lab, Sit

#: The milliseconds between two requests for the list, from the opening of its page.
PAUSES = """() => performance.getEntriesByType('resource')
    .filter(entry => entry.name.includes('which=all'))
    .map(entry => entry.startTime)
    .map((time, at, times) => time - (times[at - 1] ?? -Infinity))
    .slice(-1)"""

SCRIPTED = "<p id='it'>plain</p><script>it.textContent = String(window.origin)</script>"


def test_the_panel_shows_ones_sessions_and_where_one_is(lab: Lab, sit: Sit) -> None:
    lab.session("Seen by alice", bob="read")
    lab.session("Of carol alone", owner="carol")
    panel = sit("alice").panel()
    expect(panel.get_by_text(lab.url.removeprefix("http://"))).to_be_visible()
    row = panel.locator(".jp-Sessions-session", has_text="Seen by alice")
    expect(row).to_contain_text("owner")
    expect(panel).not_to_contain_text("Of carol alone")
    bobs = sit("bob").panel()
    expect(bobs.locator(".jp-Sessions-session", has_text="Seen by alice")).to_contain_text("read")


def test_a_session_is_made_and_found_again(sit: Sit) -> None:
    desk = sit("dora")
    panel = desk.panel()
    expect(panel.get_by_role("heading", name="No sessions yet")).to_be_visible()
    panel.get_by_role("button", name="New session").click()
    desk.page.get_by_label("Label").fill("Tree rings")
    desk.page.get_by_role("button", name="Create").click()
    expect(desk.tab("Tree rings")).to_contain_text("No commands yet")
    panel.get_by_label("Search sessions").fill("rings")
    expect(panel.locator(".jp-Sessions-session")).to_have_count(1)
    panel.get_by_label("Search sessions").fill("moon")
    expect(panel.get_by_role("heading", name="No matching sessions")).to_be_visible()


def test_a_session_is_joined_by_its_url_or_an_invitation_and_what_is_neither_is_refused(
    lab: Lab, sit: Sit
) -> None:
    code = lab.session("By its URL", erik="read")
    desk = sit("erik")
    dialog = desk.page.locator(".jp-Dialog")

    def give(text: str) -> None:
        desk.panel().get_by_role("button", name="Join").first.click()
        desk.page.get_by_label("Session URL or code").fill(text)

    give("nonsense")
    expect(dialog).to_contain_text("not a session URL, a code")
    expect(dialog.get_by_role("button", name="Join")).to_be_disabled()
    desk.page.get_by_label("Session URL or code").fill("jses_" + "x" * 22)
    expect(dialog).to_contain_text("This contains a secret key")
    desk.page.get_by_label("Session URL or code").fill(f"{lab.url}/sessions/{code}/experiment")
    dialog.get_by_role("button", name="Join").click()
    desk.tab("By its URL")

    # At another server: here nobody is asked, and one is told where it is.
    give(f"http://127.0.0.1:9/there/sessions/{code}/experiment")
    dialog.get_by_role("button", name="Join").click()
    expect(dialog).to_contain_text("The session is at 127.0.0.1:9/there")
    with desk.page.context.expect_page() as opened:
        dialog.get_by_role("button", name="Open in Browser").click()
    opened.value.close()

    code = lab.session("By invitation")
    made = lab.store.call("alice", api.INVITE, schemas.Invite(code=code, roles=["write"]))
    give(made.key)
    dialog.get_by_role("button", name="Join").click()
    expect(dialog).to_contain_text("alice invites you")
    expect(dialog).to_contain_text("write")
    dialog.get_by_role("button", name="Join").click()
    desk.tab("By invitation")
    desk.run("jupyter-sessions:join", session="jinv_" + "x" * 32)
    expect(desk.page.get_by_text("The session was not joined.").first).to_be_visible()


def test_commands_appear_as_they_run_and_are_shown_in_a_sandbox_where_they_can_run_script(
    lab: Lab, sit: Sit
) -> None:
    code = lab.session("Live", bob="read")
    tab = sit("bob").open_session("Live")
    expect(tab.locator(".jp-Sessions-live")).to_have_text("Live")
    lab.record(code, command("print('hello')", text("hello\n")))
    expect(tab.locator("[data-number='1']")).to_contain_text("hello")
    lab.record(code, command("chart", shown(text__html=SCRIPTED, text__plain="x")))
    # The outer frame is a page of the server's, which holds the output in a frame of its own.
    around = tab.frame_locator("[data-number='2'] iframe")
    assert around.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    expect(around.frame_locator("iframe").locator("#it")).to_have_text("null")
    failure = schemas.ErrorOutput(ename="KeyError", evalue="'x'", traceback=["KeyError: 'x'"])
    lab.record(code, command("d['x']", failure, status="error"))
    expect(tab.locator("[data-number='3']")).to_contain_text("KeyError: 'x'")


def test_the_copied_url_is_one_for_colleagues_or_says_that_it_is_none(lab: Lab, sit: Sit) -> None:
    code = lab.session("To send")
    desk = sit("alice", permissions=["clipboard-read", "clipboard-write"])
    copy = desk.open_session("To send").get_by_role("button", name="Copy the session URL")
    copy.click()
    said = desk.page.get_by_text("Only this machine can open this address").first
    expect(said).to_be_visible()
    expect(said).to_contain_text("jupyter sessions serve --ip=0.0.0.0")
    with lab.serve("--public-url=https://sessions.example/team"):
        copy.click()
        expect(desk.page.get_by_text("The session URL was copied.", exact=True)).to_be_visible()
        assert desk.page.evaluate("navigator.clipboard.readText()") == (
            f"https://sessions.example/team/sessions/{code}/experiment"
        )


def test_history_is_filtered_by_person_status_and_words(lab: Lab, sit: Sit) -> None:
    code = lab.session("Filtered", bob="write")
    lab.record(code, command("load()"), command("fail()", status="error"))
    lab.record(code, command("plot(rain)"), command("%session history"), by="bob")
    tab = sit("bob").open_session("Filtered")
    rows = tab.locator("[data-number]")
    expect(rows).to_have_count(3)
    # The tab counts four, so that one is said not to be shown.
    expect(tab.get_by_role("tab", name="History")).to_have_text("History4")
    tab.get_by_role("button", name="1 %session command not shown").click()
    expect(rows).to_have_count(4)
    expect(tab.get_by_role("button", name="not shown")).to_have_count(0)
    tab.get_by_label("Show %session commands").uncheck()
    expect(rows).to_have_count(3)
    tab.get_by_label("Who").select_option("bob")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("plot(rain)")
    tab.get_by_role("button", name="Clear").click()
    tab.get_by_label("Status").select_option("error")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("fail()")
    tab.get_by_role("button", name="Clear").click()
    tab.get_by_label("Search source and output").fill("rain")
    expect(rows).to_have_count(1)


def test_a_revoke_while_looking_ends_it_at_once(lab: Lab, sit: Sit) -> None:
    code = lab.session("Revoked", fred="read")
    lab.record(code, command("secret()"))
    fred = sit("fred")
    freds = fred.open_session("Revoked")
    expect(freds).to_contain_text("secret()")
    alice = sit("alice")
    tab = alice.open_session("Revoked")
    tab.get_by_role("tab", name="Members").click()
    tab.get_by_role("button", name="Revoke all roles of fred").click()
    alice.page.locator(".jp-Dialog").get_by_role("button", name="Revoke").click()
    expect(tab.get_by_role("listitem").filter(has_text="fred")).to_have_count(0)
    gone = freds.page.locator(".jp-SessionsTab")
    expect(gone).to_contain_text("You do not have access to this session")
    expect(gone).not_to_contain_text("secret()")
    listed = fred.panel().locator(".jp-Sessions-session", has_text="Revoked")
    expect(listed).to_have_count(0)
    # By itself, the list asks every ten seconds.
    pauses = fred.page.evaluate(PAUSES)
    assert min(pauses) < 9_500, pauses


def test_roles_are_granted_and_what_is_not_allowed_says_which_role_it_needs(
    lab: Lab, sit: Sit
) -> None:
    lab.session("Roles", bob="read")
    tab = sit("alice").open_session("Roles")
    tab.get_by_role("tab", name="Members").click()
    bobs = sit("bob").open_session("Roles")
    bobs.get_by_role("tab", name="Members").click()
    button = bobs.get_by_role("button", name="Revoke all roles of bob")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("title", re.compile("role admin"))
    row = tab.get_by_role("group", name="Roles of bob")
    row.get_by_role("checkbox", name="write").click()
    expect(row.get_by_role("checkbox", name="write")).to_be_checked()
    expect(
        bobs.get_by_role("group", name="Roles of bob").get_by_role("checkbox", name="write")
    ).to_be_checked()


def test_a_dropped_file_is_published_and_seen_by_the_other(lab: Lab, sit: Sit) -> None:
    lab.session("Files", bob="read")
    tab = sit("alice").open_session("Files")
    tab.get_by_role("tab", name="Web space").click()
    bobs = sit("bob").open_session("Files")
    bobs.get_by_role("tab", name="Web space").click()
    expect(bobs.get_by_role("button", name="Publish")).to_have_attribute("aria-disabled", "true")
    data = tab.page.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File(['a,b\\n1,2\\n'], 'rain.csv',"
        " {type: 'text/csv'})); return d; }"
    )
    tab.locator(".jp-SessionsWebSpace").dispatch_event("dragover", {"dataTransfer": data})
    tab.locator(".jp-SessionsWebSpace").dispatch_event("drop", {"dataTransfer": data})
    bobs.get_by_role("treeitem", name="rain.csv").click()
    table = bobs.frame_locator("iframe").frame_locator("iframe")
    expect(table.locator("td", has_text="2")).to_be_visible()
    with bobs.page.expect_download() as download:
        bobs.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == b"a,b\n1,2\n"


def test_tabs_come_back_after_a_reload_and_the_live_view_after_a_restarted_server(
    lab: Lab, sit: Sit, complaints: Complaints
) -> None:
    # JupyterLab's own polls complain of a server that is away; nothing of ours may.
    complaints.meant.append(r"(?s)^Failed to fetch(?!.*jupyter-sessions)")
    code = lab.session("Lasting", gina="read")
    desk = sit("gina")
    tab = desk.open_session("Lasting")

    def saved(answer: Response) -> bool:
        """Tell whether JupyterLab has saved the tab, with its part, and its place."""
        request = answer.request
        if request.method != "PUT" or "/api/workspaces/" not in request.url:
            return False
        stored = request.post_data or ""
        return "activity" in stored and stored.count(f"jupyter-sessions:{code}") > 1

    with desk.page.expect_response(saved, timeout=PATIENCE * 1_000):
        tab.get_by_role("tab", name="Activity").click()
        expect(tab).to_contain_text("created the session")
    desk.page.goto("/lab/workspaces/gina")
    expect(desk.tab("Lasting")).to_contain_text("created the session")
    desk.tab("Lasting").get_by_role("tab", name="History").click()
    lab.stop()
    expect(desk.tab("Lasting").locator(".jp-Sessions-live")).not_to_have_text("Live")
    lab.start()
    lab.record(code, command("after()"))
    expect(desk.tab("Lasting")).to_contain_text("after()")


def test_one_is_told_of_a_session_that_is_shared(lab: Lab, sit: Sit) -> None:
    lab.session("Known before", hana="read")
    desk = sit("hana")
    expect(desk.panel()).to_contain_text("Known before")
    # What is shared from then on is new.
    asked = "entry => entry.name.includes('which=shared') && entry.responseEnd > 0"
    wait_until(desk.page, f"() => performance.getEntriesByType('resource').some({asked})")
    lab.session("Shared just now", hana="write")
    expect(desk.page.get_by_text("alice shared “Shared just now” with you.")).to_be_visible()
    desk.page.get_by_role("button", name="Open", exact=True).click()
    desk.tab("Shared just now")


def test_a_group_is_found_and_let_in_and_the_session_goes_over_to_a_new_owner(
    lab: Lab, sit: Sit
) -> None:
    lab.session("Handed over", kira="read")
    lab.store.call("root", api.ADD_GROUP, schemas.NewGroup(name="hydrology", owners=["alice"]))
    tab = sit("alice").open_session("Handed over")
    tab.get_by_role("tab", name="Members").click()
    field = tab.get_by_label("User name, or @group")
    field.click()
    expect(tab.locator("datalist option[value='@hydrology']")).to_have_count(1)
    field.fill("@hydrology")
    tab.get_by_role("button", name="Add").click()
    row = tab.get_by_role("listitem").filter(has_text="@hydrology")
    expect(row.get_by_role("button", name="Transfer")).to_have_attribute(
        "title", "A group can't own a session."
    )
    field.fill("nobody.of.that.name")
    tab.get_by_role("button", name="Add").click()
    kiras = sit("kira").open_session("Handed over")
    kiras.get_by_role("tab", name="Members").click()
    expect(kiras.get_by_role("listitem").filter(has_text="@hydrology")).to_be_visible()
    tab.get_by_role("button", name="Transfer the session to kira").click()
    tab.page.locator(".jp-Dialog").get_by_role("button", name="Transfer").click()
    expect(kiras.locator("header")).to_contain_text("owner")
    expect(kiras.get_by_role("button", name="Revoke all roles of alice")).not_to_have_attribute(
        "aria-disabled", "true"
    )
    expect(tab.get_by_role("button", name="Transfer the session to alice")).to_have_attribute(
        "title", re.compile("role owner")
    )
