"""Statements of the Ophidia manual, and what becomes of them."""

from __future__ import annotations

import re

import click
import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.table import CommandGroup
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.notebook import ophidia
from tests.conftest import PASSWORD
from tests.notebook.conftest import Start

CODE = "1234567890123456789012"
URL = f"http://host/sessions/{CODE}/experiment"

MANAGE = {
    "": "list",
    "action=list;": "list",
    "action=list;label_filter=rain;": "list --search rain",
    "action=list;user_filter=foo;label_filter=all;": "list --search foo",
    "action=list;user_filter=foo;label_filter=rain;": "list~--search~rain foo",
    "action=new;": "new",
    "action=new;key=label;value=Seattle;": "new Seattle",
    "action=env;": "show",
    f"action=env;session={URL};": f"show -S {URL}",
    "action=setenv;key=label;value=Rain in Seattle;": "set~label~Rain in Seattle",
    "action=setenv;key=active;value=no;": "set active no",
    "action=listusers;session=this;": "members",
    "action=grant;key=user;value=foo:write|execute;": "grant -- foo:write|execute",
    "action=grant;key=user;value=foo:write|execute,bar:rwe,baz;":
        "grant -- foo:write|execute bar:rwe baz",
    "action=grant;key=bar;value=write|execute;": "grant -- bar:write|execute",
    "action=grant;key=bar;": "grant -- bar",
    "action=revoke;key=user;value=foo,bar;": "revoke -- foo bar",
    "action=revoke;key=user;value=foo|bar;": "revoke -- foo bar",
    "action=revoke;key=foo;": "revoke -- foo",
    f"action=disable;session={CODE};": f"disable -S {CODE}",
    f"action=enable;session={CODE};": f"enable -S {CODE}",
    f"action=remove;session={CODE};": f"remove --yes -S {CODE}",
    f"sessionid={URL};exec_mode=sync;ncores=1;action=env;": f"show -S {URL}",
    "oph_manage_session action=listusers": "members",
}  # fmt: skip

RESUME = {
    "": ["history -n 20"],
    "id=0;": ["history -n 20"],
    f"session={URL};": [f"resume {URL}"],
    f"session={URL};id=3;": [f"resume {URL}", "view 3"],
    f"session={URL};id=0;save=no;": [f"history -n 20 -S {URL}"],
    f"session={URL};id=3;save=no;": [f"view 3 -S {URL}"],
    "id=3;": ["view 3"],
    "id=3;document_type=request;": ["request 3"],
    "id=3;document_type=response;level=3;": ["response 3"],
    "id=3;id_type=marker;execute=yes;": ["replay 3"],
    "id=3;execute=no;checkpoint=all;": ["view 3"],
    "level=1;user=foo|bar;status_filter=completed|error;": [
        "history -n 20 -v --user foo --user bar --status completed --status error"
    ],
    "status_filter=skipped|aborted|pending;": ["history -n 20 --status aborted"],
}


def split(expected: str) -> list[str]:
    # Words that have spaces in them stand between tildes.
    return expected.split("~") if "~" in expected else expected.split()


@pytest.mark.parametrize("statement", MANAGE)
def test_a_statement_of_manage_session_is_a_command_of_ours(statement: str) -> None:
    assert ophidia.manage_session(statement) == split(MANAGE[statement])


@pytest.mark.parametrize("statement", RESUME)
def test_a_statement_of_resume_is_commands_of_ours(statement: str) -> None:
    assert ophidia.resume(statement) == [split(each) for each in RESUME[statement]]


def test_all_that_comes_out_is_understood() -> None:
    group = CommandGroup(all_commands=False)
    for typed in [*map(split, MANAGE.values()), *(split(e) for es in RESUME.values() for e in es)]:
        command = group.get_command(click.Context(group), typed[0])
        assert command is not None
        command.make_context(typed[0], typed[1:])


@pytest.mark.parametrize(
    ("read", "statement", "said"),
    [
        (ophidia.manage_session, "action", "argument=value"),
        (ophidia.manage_session, "=grant;", "argument=value"),
        (ophidia.manage_session, "action=destroy;", "no action 'destroy'"),
        (ophidia.manage_session, "action=list;action=new;", "given twice"),
        (ophidia.manage_session, "colour=red;", "no argument 'colour'"),
        (ophidia.manage_session, "action=setenv;key=autoremove;value=yes;", "remove themselves"),
        (ophidia.manage_session, "action=setenv;key=owner;value=bar;", "no key 'owner'"),
        (ophidia.manage_session, "action=grant;key=user;", "name a user"),
        (ophidia.manage_session, "action=revoke;key=user;value=,;", "name a user"),
        (ophidia.resume, "id=three;", "not a number"),
        (ophidia.resume, "level=-1;", "not a number"),
        (ophidia.resume, "id=3;document_type=both;", "no document_type"),
        (ophidia.resume, "status_filter=done;", "no status done"),
        (ophidia.resume, "status_filter=pending;", "status pending"),
        (ophidia.resume, "id=3;execute=perhaps;", "yes or no"),
    ],
)
def test_a_wrong_statement_is_an_error(read, statement: str, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(errors.BadRequest, match=re.escape(said)):
        read(statement)


def test_what_ophidias_users_know_works_in_a_notebook(start: Start, tmp_path) -> None:  # type: ignore[no-untyped-def]
    kernel = start()
    made = kernel.good("%oph_manage_session action=new;key=label;value=Seattle;").text
    code = re.search(r"\d{22}", made)
    assert code
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "one" / "data"))
        LocalTransport().call(api.ADD_ACCOUNT, schemas.NewAccount(name="foo", password=PASSWORD))
    kernel.good("x = 1; print('x is', x)")
    kernel.good("%oph_manage_session action=grant;key=user;value=foo:write|execute;")
    users = kernel.good("%oph_manage_session action=listusers;").text
    assert "write, execute" in users
    assert "Seattle" in kernel.good("%oph_manage_session action=env;").text
    kernel.good("%oph_manage_session action=setenv;key=label;value=Rain;")
    assert "Rain" in kernel.good("%oph_manage_session").text
    assert "x is 1" in kernel.good("%oph_resume id=1;").text
    assert "x = 1" in kernel.good("%oph_resume").text
    assert '"source"' in kernel.good("%oph_resume id=1;document_type=request;").text
    assert "x is 1" in kernel.good("%oph_resume id=1;execute=yes;").text
    kernel.good("%oph_manage_session action=revoke;key=user;value=foo;")
    assert "foo" not in kernel.good("%oph_manage_session action=listusers;").text
    kernel.good("%oph_manage_session action=disable;")
    kernel.good(f"%oph_manage_session action=enable;session={code[0]};")
    assert "Rain" in kernel.good(f"%oph_resume session={code[0]};").text
    kernel.good(f"%oph_manage_session action=remove;session={code[0]};")
    failed = kernel("%oph_manage_session action=destroy;")
    assert failed.error.ename == "BadRequest"
