"""Coming into a session from a kernel, with an account and without, and who is seen to be there."""

from __future__ import annotations

import json

from tests.conftest import PASSWORD, Serve, Served
from tests.notebook.conftest import Start
from tests.notebook.kernels import Kernel
from tests.notebook.test_sharing import add, log_in
from tests.waiting import until


def invited(kernel: Kernel, *arguments: str) -> str:
    """Make an invitation in a kernel's session, and return its key."""
    told = kernel.good(f"%session invite {' '.join(arguments)} --json").text
    key: str = json.loads(told)["key"]
    return key


def here(kernel: Kernel) -> list[tuple[str, str]]:
    """Tell who has the kernel's session open, and by what."""
    told = json.loads(kernel.good("%session who -S --json").text)["here"]
    return sorted((one["user"], one["kind"]) for one in told)


def until_here(kernel: Kernel, *people: tuple[str, str]) -> None:
    """Wait until these have the session open, and nobody else."""
    until(lambda: here(kernel) == sorted(people), lambda: here(kernel), every=0.2)


def until_recorded(kernel: Kernel, text: str) -> None:
    """Wait until the kernel's session has a command with this text, whoever ran it."""
    search = f"%session history --search {text} --json"
    until(lambda: json.loads(kernel.good(search).text)["items"], text, every=0.2)


def test_two_kernels_and_a_guest_share_a_session_and_are_counted(
    start: Start, serve: Serve
) -> None:
    server: Served = serve("--SessionsExtension.guests=True")
    add("ann")
    ann, second = (start(name, JUPYTER_SESSIONS_PASSWORD=PASSWORD) for name in ("ann", "desk"))
    log_in(ann, "ann", server)
    ann.good('%session new "Shared"')
    key = invited(ann, "write", "--uses", "2")
    gail = start("gail")
    joined = gail.good(f"%session join {server.url}/sessions/join#{key} --as gail").text
    assert "as the guest guest~gail" in joined
    assert "Recording: each cell from now on" in joined
    gail.good("print('from gail')")
    until_recorded(ann, "gail")
    assert "guest~gail" in ann.good("%session history --search gail").text
    until_here(ann, ("ann", "kernel"), ("guest~gail", "kernel"))
    # On another machine, by the account: the same session, and one more who is there.
    log_in(second, "ann", server)
    assert "already" in second.good(f"%session join {key}").text
    second.good("print('from the desk')")
    until_recorded(ann, "desk")
    until_here(ann, ("ann", "kernel"), ("ann", "kernel"), ("guest~gail", "kernel"))
    second.good("%session detach")
    until_here(ann, ("ann", "kernel"), ("guest~gail", "kernel"))
    listed = ann.good("%session history -n 50").text
    assert "from the desk" in listed
    # Neither the key nor the cell that it was typed in is in the record.
    assert "jinv_" not in listed
    listed = json.loads(ann.good("%session invitations --json").text)["items"]
    ann.good(f"%session uninvite {listed[0]['id']}")
    assert gail("%session history").error.ename in {"LoginRevoked", "NoSuchSession"}


def test_a_kernel_that_ends_can_be_followed_by_another_with_the_stored_login(
    start: Start, serve: Serve
) -> None:
    server: Served = serve("--SessionsExtension.guests=True")
    add("ann")
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(ann, "ann", server)
    ann.good('%session new "Shared"')
    key = invited(ann, "write")
    first = start("gail")
    first.good(f"%session join {key} {server.url} --as gail")
    first.good("print('the first')")
    assert "the first" in first.good("%session history").text
    code = json.loads(first.good("%session show --json").text)["code"]
    first.__exit__()
    again = start("gail")
    again.good(f"%session resume {server.url}/sessions/{code}/experiment")
    again.good("print('the second')")
    assert "the second" in again.good("%session history").text  # which waits for what was run
    assert "the second" in ann.good("%session history --user guest~gail").text
