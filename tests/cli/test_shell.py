"""Each command of the table, as one types it in a shell."""

from __future__ import annotations

import json
import os
import shlex
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jupyter_sessions import api, errors, paths, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.cli.conftest import Process, Program
from tests.conftest import PASSWORD, Serve, recording

PNG = (  # one red pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def record(code: str, *sources: str, **response: str) -> None:
    commands = [recording(source, at=datetime.now(UTC), **response) for source in sources]
    LocalTransport().call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=commands))


def record_figure(code: str) -> None:
    drawn = recording("plot()", at=datetime.now(UTC))
    data = {"image/png": PNG, "text/plain": "<Figure>"}
    drawn.response.outputs.append(schemas.DisplayData(data=data, metadata={}))
    LocalTransport().call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=[drawn]))


def new(program: Program, label: str = "Weather") -> str:
    code: str = program("new", label, "--json").json["code"]
    return code


def test_commands_are_processes_that_share_a_store(process: Process) -> None:
    code = process("new", "Seattle 天気", "--json").json["code"]
    record(code, "print('hi')", text="hi\n")
    assert "Seattle 天気" in process.good("list")
    assert process.good("view", "1").splitlines()[-1] == "hi"
    (process.folder / "a.txt").write_text("a")
    process.good("publish", "a.txt")
    assert process.good("get", "a.txt", "-o", "-") == "a"
    assert process("exists", "1" + "0" * 21).code == 1
    refused = process("view", "99")
    assert (refused.code, refused.out) == (errors.NotFound.exit_code, "")
    assert refused.err.startswith("Error: ")


def test_a_new_session_is_what_the_next_commands_mean(program: Program) -> None:
    made = program("new", "Seattle 天気", "--description", "Rain", "--idle-timeout", "2h", "--json")
    assert made.json["label"] == "Seattle 天気"
    assert made.json["idle_timeout"] == 120
    shown = program.good("show")
    assert made.json["code"] in shown
    assert "Seattle 天気" in shown
    assert "2 h" in shown


def test_what_the_next_commands_mean_is_nobody_elses_to_read(program: Program) -> None:
    new(program)
    noted = list(paths.home().glob("last-session-*"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in noted} == {0o600}


def test_json_is_the_shape_of_the_api(program: Program) -> None:
    code = new(program)
    page = json.loads(program.good("list", "--json"))
    assert list(page) == ["items", "next"]
    assert set(page["items"][0]) == set(schemas.Session.__struct_fields__)
    members = json.loads(program.good("members", "--json"))
    assert [member["owner"] for member in members["members"]] == [True]
    assert json.loads(program.good("exists", code, "--json")) == {"exists": True}


def test_the_list_shows_roles_and_the_last_command(program: Program) -> None:
    code = new(program, "mine")
    record(code, "import pandas")
    listed = program.good("list").splitlines()
    heads = ["Code", "Label", "Owner", "My roles", "Created", "Last used", "Commands"]
    assert all(head in listed[0] for head in [*heads, "Last command", "State"])
    assert all(part in listed[2] for part in [code, "mine", "owner", "import pandas", "active"])
    assert "no session shared with you" in program.good("list", "--shared")
    assert "no removed session" in program.good("list", "--removed")
    assert "that matches 'nothing-like-it'" in program.good("list", "--search", "nothing-like-it")
    nothing = program.good("list", "--mine", "--search", "nothing-like-it")
    assert "of your own that matches 'nothing-like-it'" in nothing
    assert "Create one" not in nothing
    assert code in program.good("list", "--mine", "--search", "mine")


def test_an_empty_store_tells_how_to_begin(program: Program) -> None:
    assert "Create one: jupyter sessions new" in program.good("list")


def test_the_list_marks_the_session_that_the_next_commands_mean(program: Program) -> None:
    first, second = new(program, "first"), new(program, "")
    lines = program.good("list").splitlines()
    assert [line for line in lines if line.startswith("*")] == [
        line for line in lines if second in line
    ]
    assert "Untitled session" in program.good("show")
    program.good("resume", first)
    assert f"*  {first}" in program.good("list")


def test_a_new_session_that_no_server_shows_says_so(program: Program, serve: Serve) -> None:
    assert (
        "no web page, since no server is running. Start one: jupyter sessions serve"
        in program.good("new")
    )
    serve()
    assert "no server is running" not in program.good("new")


def test_a_grant_to_an_unknown_user_tells_how_to_add_the_account(program: Program) -> None:
    new(program)
    refused = program("grant", "foo:write")
    assert "jupyter sessions account add foo" in refused.err


def test_lists_go_on_where_a_page_ends(program: Program) -> None:
    codes = {new(program, f"{number}") for number in range(3)}
    first = program("list", "-n", "2", "--json").json
    second = program("list", "-n", "2", "--after", first["next"], "--json").json
    assert {each["code"] for each in first["items"] + second["items"]} == codes
    assert first["next"] in program.good("list", "-n", "2")


def test_attributes_are_set_one_by_one(program: Program) -> None:
    new(program)
    assert "The label is now: Rain" in program.good("set", "label", "Rain")
    program.good("set", "description", "Of Seattle")
    assert "The idle time-out is now: 1 h 30 min" in program.good("set", "idle-timeout", "90")
    program.good("set", "lifetime", "7d")
    shown = program("show", "--json").json
    assert (shown["label"], shown["description"]) == ("Rain", "Of Seattle")
    assert (shown["idle_timeout"], shown["lifetime"]) == (90, 10080)
    assert "The lifetime was removed" in program.good("set", "lifetime", "none")
    assert program("show", "--json").json["lifetime"] is None
    program.good("set", "active", "no")
    assert program("show", "--json").json["state"] == "disabled"
    program.good("set", "active", "yes")
    assert program("show", "--json").json["state"] == "active"


def test_a_session_is_disabled_enabled_closed_removed_and_restored(program: Program) -> None:
    code = new(program)
    assert "only you can see it" in program.good("disable")
    program.good("enable")
    unsure = program("close")
    assert (unsure.code, program("show", "--json").json["state"]) == (2, "active")
    assert "--yes" in unsure.err
    program.good("close", "--yes")
    assert program("show", "--json").json["state"] == "closed"
    shown = program.good("show")
    assert "\nClosed  " in shown and "Closes" not in shown
    refused = program("remove")
    assert (refused.code, program("show", "--json").json["state"]) == (2, "closed")
    assert f"restore -S {code}" in program.good("remove", "--yes")
    assert program("show").code == errors.NothingAttached.exit_code
    assert code in program.good("list", "--removed")
    program.good("restore", "-S", code)
    assert program("show", "-S", code, "--json").json["state"] == "closed"


def test_members_are_granted_revoked_and_made_owner(program: Program) -> None:
    new(program)
    for name in ("foo", "foobar"):
        program.good("account", "add", name, "--password-stdin", input=f"{PASSWORD}\n")
    program.good("grant", "foo:write|execute", "foobar")
    granted = {each["user"]: each["roles"] for each in program("members", "--json").json["members"]}
    assert granted["foo"] == ["read", "write", "execute"]
    assert granted["foobar"] == ["read"]
    assert "write" in program.good("users")
    program.good("grant", "foo:rx")
    program.good("revoke", "foo")
    assert "foobar" in program.good("members")
    assert " foo " not in program.good("members")
    assert "foobar now owns" in program.good("transfer", "foobar")


def test_a_grant_that_fails_in_one_part_changes_nothing_and_names_it(program: Program) -> None:
    new(program)
    program.good("account", "add", "foo", "--password-stdin", input=f"{PASSWORD}\n")
    refused = program("grant", "foo:write", "nobody:read")
    assert refused.code == errors.NotFound.exit_code
    assert "nobody" in refused.err
    assert len(program("members", "--json").json["members"]) == 1
    assert "qwrite" in program("grant", "foo:qwrite").err


def test_an_empty_list_of_roles_takes_none_away(program: Program) -> None:
    new(program)
    program.good("account", "add", "foo", "--password-stdin", input=f"{PASSWORD}\n")
    program.good("grant", "foo:write")
    refused = program("grant", "foo:")
    assert refused.code == errors.BadRole.exit_code
    assert "leave the colon out" in refused.err
    assert "write" in program("members", "--json").json["members"][1]["roles"]
    program.good("grant", "foo")
    assert program("members", "--json").json["members"][1]["roles"] == ["read"]


def test_exists_ends_with_0_or_1(program: Program) -> None:
    code = new(program)
    there, missing = program("exists", code), program("exists", "1" + "0" * 21)
    assert (there.code, there.out.strip()) == (0, "true")
    assert (missing.code, missing.out.strip()) == (1, "false")


def test_resume_switches_and_lists(program: Program) -> None:
    first = new(program, "first")
    record(first, "a = 1", "print(a)")
    new(program, "second")
    resumed = program.good("resume", first)
    assert all(text in resumed for text in ["first", "owner", "a = 1", "print(a)"])
    assert program("show", "--json").json["code"] == first
    assert "a = 1" not in program.good("resume", "1")
    assert "a = 1" in program.good("resume", "-v")
    answer = program("resume", first, "1", "--json").json
    assert [each["summary"]["number"] for each in answer["commands"]] == [2]


def test_history_filters_and_pages(program: Program) -> None:
    code = new(program)
    record(code, *(f"step({number})" for number in range(5)))
    record(code, "boom()", status="error")
    record(code, "stopped()", status="aborted")
    newest = program("history", "-n", "2", "--json").json
    assert [each["number"] for each in newest["items"]] == [7, 6]
    older = program("history", "-n", "2", "--before", "6", "--json").json
    assert [each["number"] for each in older["items"]] == [5, 4]
    assert program("history", "--oldest", "-n", "1", "--json").json["items"][0]["number"] == 1
    both = program("history", "--status", "error", "--status", "aborted", "--json").json
    assert [each["number"] for each in both["items"]] == [7, 6]
    found = program("history", "--search", "boom", "--since", "2h", "--json").json
    assert [each["number"] for each in found["items"]] == [6]
    assert program("history", "--until", "yesterday", "--json").json["items"] == []
    assert program("history", "--user", "nobody-else", "--json").json["items"] == []
    table = program.good("history", "-n", "2")
    assert table.index("boom()") < table.index("stopped()")
    assert "More: jupyter sessions history -n 2 --before 6" in table


def test_pages_of_several_filters_together_go_on_without_a_gap(program: Program) -> None:
    code = new(program)
    for number in range(6):
        record(code, f"{number}", status="error" if number % 2 else "aborted")
    asked = ["history", "--status", "error", "--status", "aborted", "-n", "4", "--json"]
    first = program(*asked).json
    second = program(*asked, "--before", first["next"]).json
    assert [each["number"] for each in first["items"] + second["items"]] == [6, 5, 4, 3, 2, 1]
    assert second["next"] is None


def test_the_line_that_leads_on_keeps_all_that_was_typed(program: Program) -> None:
    code = new(program)
    record(code, *(f"step({number})" for number in range(5)))
    who = program("show", "--json").json["owner"]
    typed = ["history", "-S", code, "-n", "2", "--search", "step", f"--user={who}", "-v"]
    line = program.good(*typed).splitlines()[-1]
    words = shlex.split(line.removeprefix("More: jupyter sessions "))
    assert words == [*typed, "--before", "4"]
    second = program.good(*words)
    assert "step(2)" in second
    assert "step(4)" not in second
    assert second.splitlines()[-1].endswith(" -v --before 2")
    forwards = program.good("history", "--oldest", "-n", "2")
    assert "history --oldest -n 2 --after 2" in forwards
    later = program("history", "--after", "2", "-n", "2", "--json").json
    assert [each["number"] for each in later["items"]] == [3, 4]
    assert program("history", "--before", "3", "--oldest").code == 2
    assert "history -n 3 -v --before 3" in program.good("resume", "3", "-v")


def test_commands_that_only_manage_sessions_are_left_out_unless_all_are_asked_for(
    program: Program,
) -> None:
    code = new(program)
    record(code, "%session new x", "a = 1", "%session history", "%session list")
    assert [each["number"] for each in program("history", "--json").json["items"]] == [2]
    everything = program("history", "--all", "--json").json["items"]
    assert [each["number"] for each in everything] == [4, 3, 2, 1]
    listed = program.good("list")
    assert "a = 1" in listed
    assert "%session" not in listed
    resumed = program("resume", code, "--json").json["commands"]
    assert [each["summary"]["number"] for each in resumed] == [2]
    assert len(program("resume", code, "--all", "--json").json["commands"]) == 4
    assert "a = 1" in program.good("view")


def test_view_shows_outputs_and_tells_how_to_get_pictures(program: Program) -> None:
    code = new(program)
    record(code, "print('hi')", text="\x1b[31mhi\x1b[0m\x1b]0;title\x07\n")
    record_figure(code)
    shown = program.good("view", "1..2")
    assert "print('hi')" in shown
    assert "\x1b]" not in shown
    assert "image/png" in shown
    assert "view 2 --save FOLDER" in shown
    assert program("view", "--json").json["summary"]["number"] == 2
    program.good("view", "1..2", "--save", "figures")
    assert (program.folder / "figures" / "output-2.png").read_bytes().startswith(b"\x89PNG")
    again = program("view", "2", "--save", "figures")
    assert again.code == errors.Conflict.exit_code


def test_request_and_response_are_json(program: Program) -> None:
    code = new(program)
    record(code, "1 + 1", text="2")
    assert json.loads(program.good("request", "1"))["source"] == "1 + 1"
    assert json.loads(program.good("response", "1"))["outputs"][0]["text"] == "2"
    assert program("request", "1", "--json").json == json.loads(program.good("request", "1"))


def test_forgetting_erases_the_content(program: Program) -> None:
    code = new(program)
    record(code, "password = 'x'", "2", "3")
    assert "1, 2" in program.good("forget", "1..2", "--yes")
    assert "password" not in program.good("history") + program.good("view", "1")
    assert program("request", "1").code == errors.NotFound.exit_code


def test_forgetting_asks_first_and_erases_nothing_where_nobody_can_be_asked(
    program: Program,
) -> None:
    code = new(program)
    record(code, "1 + 1")
    refused = program("forget", "1")
    assert refused.code == errors.BadRequest.exit_code
    assert "Nothing was erased" in refused.err
    assert "--yes" in refused.err
    assert "1 + 1" in program.good("request", "1")


def test_forgetting_names_the_commands_that_showed_it_once_more(program: Program) -> None:
    code = new(program)
    record(code, "%session history", "key = 'secret'", "%session view 1", "x = 1")
    record(code, "%session view 1..2", "y = 2\n%session replay 2", "%session resume", "print()")
    record(code, "%session history -n 5", "%oph_resume id=2;", "'%session'", "%session view 3..4")
    said = program.good("forget", "2", "--yes")
    assert "Forgotten: 2." in said
    assert "may still show it: 5, 6, 7, 9, 10." in said
    assert "may still" not in program.good("forget", "11..12", "--yes")


def test_what_needs_a_kernel_says_so(program: Program) -> None:
    code = new(program)
    record(code, "1")
    for command in (["pause"], ["unpause"], ["detach"], ["replay", "1"], ["load", "1"]):
        refused = program(*command)
        assert (refused.code, "notebook" in refused.err) == (2, True), command


def test_files_and_folders_are_published_listed_got_and_unpublished(program: Program) -> None:
    new(program)
    (program.folder / "plots").mkdir()
    (program.folder / "plots" / "a.txt").write_text("a")
    (program.folder / "data.csv").write_text("x\n1\n")
    published = program("publish", "plots", "data.csv", "--as", "run", "--json").json
    assert {each["path"] for each in published} == {"run/plots/a.txt", "run/data.csv"}
    assert "run/" in program.good("files")
    assert "data.csv" in program.good("files", "run")
    assert "run/plots/a.txt" in program.good("files", "--deep")
    assert program.good("get", "run/data.csv", "-o", "-") == "x\n1\n"
    assert "Saved 2 files (5 B) in copy." in program.good("get", "run", "-o", "copy")
    assert program("get", "run/data.csv").code == errors.Conflict.exit_code
    (program.folder / "data.csv").unlink()
    assert "Saved data.csv (4 B)." in program.good("get", "run/data.csv")
    assert (program.folder / "copy" / "plots" / "a.txt").read_text() == "a"
    assert program("get", "run/data.csv", "-o", "copy").code == errors.Conflict.exit_code
    assert "Saved copy/data.csv" in program.good("get", "run/data.csv", "-o", "copy", "--force")
    gone = program("unpublish", "run", "--json").json
    assert sorted(gone["paths"]) == ["run/data.csv", "run/plots/a.txt"]
    assert "Nothing is published" in program.good("files")


def test_get_says_that_what_a_broken_download_has_left_is_of_another_version(
    program: Program, folder: Path
) -> None:
    program.good("new")
    content = os.urandom(1 << 20)
    (folder / "model.bin").write_bytes(content)
    program.good("publish", "model.bin")
    (folder / "copy.0123456789ab.part").write_bytes(content[:1000])
    said = program.good("get", "model.bin", "-o", "copy")
    assert "'copy' was replaced on the server since a download of it broke off" in said
    assert "Saved copy (1.0 MB)." in said
    assert (folder / "copy").read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == ["copy", "model.bin"]


@pytest.mark.parametrize(
    "path", ["", "/etc/x", "/", "../x", "a//b", ".", "a\\..\\b", "x" * 300, "run//"]
)
@pytest.mark.parametrize("what", [["data.csv"], ["plots"], ["plots", "data.csv"], []])
def test_a_path_that_is_none_reaches_the_rules_and_is_refused(
    program: Program, what: list[str], path: str
) -> None:
    record_figure(new(program))
    (program.folder / "plots").mkdir()
    (program.folder / "plots" / "a.txt").write_text("a")
    (program.folder / "data.csv").write_text("x\n1\n")
    refused = program("publish", *what, "--as", path)
    assert refused.code == errors.BadName.exit_code, refused.out
    assert "path" in refused.err
    for command in ("get", "unpublish"):
        refused = program(command, path)
        assert refused.code == errors.BadName.exit_code
        assert "path" in refused.err
    assert "Nothing is published" in program.good("files")


def test_links_that_are_left_out_are_told(program: Program) -> None:
    new(program)
    (program.folder / "secret").write_text("secret")
    (program.folder / "plots").mkdir()
    (program.folder / "plots" / "a.txt").write_text("a")
    (program.folder / "plots" / "link").symlink_to(program.folder / "secret")
    printed = program.good("publish", "plots")
    assert "Published plots/a.txt" in printed
    assert "Left out" in printed
    assert "plots/link" in printed.partition("Left out")[2]
    assert "link" not in program.good("files", "--deep")


def test_a_name_that_is_not_utf8_is_left_out_and_named(program: Program) -> None:
    new(program)
    (program.folder / "plots").mkdir()
    (program.folder / "plots" / "a.txt").write_text("a")
    (program.folder / "plots" / os.fsdecode(b"caf\xe9.txt")).write_text("b")
    printed = program.good("publish", "plots")
    assert "Published plots/a.txt" in printed
    assert "plots/caf\\xe9.txt" in printed.partition("not UTF-8")[2]


def test_a_folder_is_named_as_it_is_listed_with_a_slash(program: Program) -> None:
    new(program)
    (program.folder / "a.txt").write_text("a")
    program.good("publish", "a.txt", "--as", "run/")
    assert "run/a.txt" in program.good("files", "run/")
    program.good("get", "run/", "-o", "copy")
    assert (program.folder / "copy" / "a.txt").read_text() == "a"
    assert "run/a.txt" in program.good("unpublish", "run/")
    assert program("files", "/etc").code == errors.BadName.exit_code


def test_publishing_nothing_in_particular_publishes_the_last_output(program: Program) -> None:
    code = new(program)
    record_figure(code)
    record(code, "%session publish x")
    published = program("publish", "--json").json
    assert (published["path"], published["command"]) == ("output-1.png", 1)
    record(code, "x = 1")
    assert "Published output-1.png: the picture of command 1" in program.good("publish")
    record(code, "print()", text="\x1b[31monly text\x1b[0m")
    assert "Published output-4.txt: the text of command 4" in program.good("publish")
    assert program.good("get", "output-4.txt", "-o", "-") == "only text"


def test_publishing_an_output_that_is_not_the_newest_says_so(program: Program) -> None:
    code = new(program)
    record_figure(code)
    LocalTransport().call(
        api.RECORD_COMMANDS,
        schemas.RecordCommands(code=code, commands=[failed("1/0"), failed("2/0")]),
    )
    printed = program.good("publish")
    assert "Published output-1.png: the picture of command 1" in printed
    assert "Commands 2, 3 came later, but their outputs can't be published" in printed


def failed(source: str) -> schemas.Recording:
    """A command that ended with an error, and put out nothing else."""
    now = datetime.now(UTC)
    output = schemas.ErrorOutput(ename="ZeroDivisionError", evalue="division", traceback=[])
    return schemas.Recording(
        id=source,
        request=schemas.CommandRequest(
            source=source, started=now, language="python", kernel="k", notebook="n"
        ),
        response=schemas.CommandResponse(
            status="error", outputs=[output], finished=now, duration=0.1
        ),
    )


@pytest.mark.parametrize(
    "typed",
    [
        "publish a.txt",
        "unpublish a.txt",
        "scratch set x 1",
        "scratch delete x",
        "grant bar",
        "revoke bar",
        "forget 1 --yes",
    ],
)
def test_a_change_names_the_session_that_was_changed(program: Program, typed: str) -> None:
    code = new(program)
    program.good("account", "add", "bar", "--password-stdin", input=PASSWORD)
    record(code, "print()", text="x")
    (program.folder / "a.txt").write_text("x")
    program.good("publish", "a.txt")
    program.good("scratch", "set", "x", "1")
    program.good("grant", "bar")
    program.good("set", "label", "Rain")
    changed = program(*typed.split())
    assert changed.code == 0, changed.err
    assert f"In the session Rain ({code})." in changed.err
    # Where the session was typed, or nothing was changed, nobody has to be told.
    assert "In the session" not in program("files").err
    assert "In the session" not in program("scratch", "set", "y", "1", "-S", code).err


def test_the_history_says_what_it_does_not_list(program: Program) -> None:
    code = new(program)
    record(code, "x = 1")
    assert "Not listed" not in program.good("history")
    record(code, "%session")
    record(code, "x = 2")
    record(code, "%session history")
    said = "Not listed: 2 commands that only manage sessions. To list all, add --all."
    assert said in program.good("history")
    page = program.good("history", "-n", "2")
    assert "Not listed: 1 command that only manages sessions." not in program.good(
        "history", "--all"
    )
    assert "Not listed: 2 commands" in page
    assert "Not listed" not in program.good("history", "--search", "x")
    record(code, "x = 3")
    assert "Not listed: 1 command that only manages sessions." in program.good("history", "-n", "2")


def test_publishing_where_there_is_no_output_says_what_to_publish_with_an_example(
    program: Program,
) -> None:
    record(new(program), "x = 1")
    refused = program("publish")
    assert refused.code == errors.NotFound.exit_code
    assert "There is no output to publish" in refused.err
    assert "For example: jupyter sessions publish results.csv" in refused.err


def test_the_web_command_tells_how_to_start_a_server(program: Program) -> None:
    new(program)
    for arguments in (("web",), ("web", "--list"), ("web", "--json")):
        ran = program(*arguments)
        assert ran.code == 1
        assert "--json" in arguments or "jupyter sessions serve" in ran.out


def test_the_web_command_prints_the_address_and_a_way_in(program: Program, serve: Serve) -> None:
    code = new(program)
    serve("--ServerApp.allow_root=True")
    printed = program.good("web")
    assert f"/sessions/{code}/experiment\n" in printed
    assert "/sessions/enter?next=" in printed
    assert "#jtik_" in printed
    assert program("show", "--json").json["url"] in printed
    assert "/sessions/\n" in program.good("web", "--list")


def test_accounts_are_managed(program: Program) -> None:
    made = program("account", "add", "foo", "--password-stdin", "--json", input=f"{PASSWORD}\n")
    assert made.json["name"] == "foo"
    assert "foo" in program.good("account", "list")
    program.good("account", "password", "foo", "--password-stdin", input="another password\n")
    assert "disabled" in program.good("account", "disable", "foo")
    program.good("account", "enable", "foo")
    assert program("account", "remove", "foo").code == 2
    program.good("account", "remove", "foo", "--yes")
    assert "foo" not in program.good("account", "list")


@pytest.mark.parametrize("where", ["in process", "over HTTP"])
def test_a_value_out_of_bounds_is_told_in_words(
    program: Program, serve: Serve, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "over HTTP":
        program.good("account", "add", "bar", "--password-stdin", input=PASSWORD)
        server = serve("--ServerApp.allow_root=True", "--SessionsExtension.administrators=bar")
        program.good("login", f"bar@{server.url}", "--password-stdin", input=PASSWORD)
    new(program)
    add = ["account", "add", "foo", "--password-stdin"]
    for typed, said in (
        (["new", "x" * 10_000], "A label must have at most 200 characters."),
        (["grant", ":read"], "A user name can't be empty."),
        (add, "A password must have at least 8 characters."),
    ):
        refused = program(*typed, input="short\n")
        assert refused.code == errors.BadRequest.exit_code
        assert said in refused.err
        assert "$." not in refused.err


def test_no_password_is_asked_for_where_there_is_no_terminal(program: Program) -> None:
    refused = program("account", "add", "foo")
    assert refused.code == 2
    assert "--password-stdin" in refused.err


def test_a_login_is_used_and_ended(
    program: Program, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.good("account", "add", "bar", "--password-stdin", input=f"{PASSWORD}\n")
    server = serve("--ServerApp.allow_root=True")
    said = program.good("login", f"bar@{server.url}", "--password-stdin", input=PASSWORD)
    assert "as bar" in said
    assert program("new", "Bar's", "--json").json["owner"] == "bar"
    assert program("show", "--json").json["owner"] == "bar"
    program.good("logout")
    for typed in (["logout"], ["new", "Somebody's"], ["list"]):
        assert program(*typed).code == errors.LoginGone.exit_code
    monkeypatch.setenv("JUPYTER_SESSIONS_PASSWORD", "wrong password")
    again = program("login", f"bar@{server.url}")
    assert again.code == errors.WrongPassword.exit_code


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["shwo"], "Did you mean show"),
        (["show", "-S", "12345"], "neither a session's code nor a session URL"),
        (["show", "-S", "1" + "0" * 21], "no such session"),
        (["get", "x", "-S", "1" + "0" * 21], "The search was in your own store; for a session on"),
        (["show", "-S", "ftp://host/sessions/" + "1" * 22 + "/experiment"], "http"),
        (["view", "0"], "numbers start at 1"),
        (["view", "7..3"], "empty"),
        (["view", "1..100000"], "at most 500"),
        (["history", "--since", "whenever"], "not a valid date or time"),
        (["history", "--status", "done"], "completed"),
        (["history", "-n", "0"], "-n"),
        (["set", "colour", "red"], "label"),
        (["set", "idle-timeout", "0"], "not a valid time-out"),
        (["set", "lifetime", "-5"], "'-5' is not a valid time-out"),
        (["set", "active", "perhaps"], "write yes or no"),
        (["list", "--mine", "--shared"], "only one of --mine and --shared"),
        (["grant"], "USER"),
        (["resume", "1", "2"], "one number"),
        (["publish", "nothing-here"], "no file or folder"),
        (["get", "nothing-here"], "There is no published file 'nothing-here'"),
        (["login", "bar@host:99999"], "65535"),
        (
            ["login", "bar@host", "-t", "0"],
            "'0' is not a valid time-out. Write minutes, at least 1, or 2h",
        ),
        (["join"], "jupyter sessions join KEY"),
        (["new", "x" * 300], "200"),
        (["new", "Bob's", "data"], 'several words: "Bob\'s data"'),
    ],
)
def test_wrong_input_is_told_in_two_lines_without_a_traceback(
    program: Program, typed: list[str], said: str
) -> None:
    new(program)
    refused = program(*typed)
    assert 2 <= refused.code < 126
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert refused.out == ""


def test_an_error_is_json_too(program: Program) -> None:
    refused = program("show", "-S", "1" + "0" * 21, "--json")
    assert refused.code == errors.NoSuchSession.exit_code
    assert set(json.loads(refused.err)) == {"code", "message", "hint"}


def test_a_server_named_twice_and_differently_is_refused(program: Program) -> None:
    url = "http://one.example/sessions/" + "1" * 22 + "/experiment"
    refused = program("show", "-S", url, "--server", "two.example")
    assert refused.code == 2
    assert "one.example" in refused.err
    assert "two.example" in refused.err


def test_nothing_is_fetched_from_a_server_without_a_login(program: Program) -> None:
    refused = program("show", "-S", "http://127.0.0.1:9/sessions/" + "1" * 22 + "/experiment")
    assert refused.code == errors.NoLogin.exit_code


def test_a_reader_that_goes_away_is_no_error(program: Program) -> None:
    import subprocess
    import sys

    new(program)
    done = subprocess.run(
        f"{sys.executable} -m jupyter_sessions list --json | true",
        shell=True,
        capture_output=True,
        text=True,
        cwd=program.folder,
    )
    assert done.stderr == ""
