"""Store logins on the user's disk, one private file for each login.

File names are generated and the content is JSON, so nothing in the name of a server, user or key
can lead out of the folder or into another login.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from jupyter_sessions import errors, paths, schemas
from jupyter_sessions.client import login_context
from jupyter_sessions.client.logins import keyring, shells
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.shells import Shell
from jupyter_sessions.local_files import write_atomically


def this_shell() -> Shell | None:
    """Return the shell of this process; see `shells.this_shell`."""
    known = login_context.known.get()
    if known is None:
        return shells.this_shell()
    if not known.shell:
        known.shell.append(shells.this_shell())
    return known.shell[0]


FOLDER_VARIABLE = "JUPYTER_SESSIONS_DIR"

USER_FOLDER_VARIABLE = "JUPYTER_SESSIONS_USERDIR"


#: File names that are not logins.
CURRENT = "current"

LAST = "last"

PRUNED = "pruned"

PIN = "here-"

ENDING = ".json"


def folder() -> Path:
    """Return the folder of the stored logins, made private to the user on first use.

    It is ``JUPYTER_SESSIONS_DIR``, else ``logins`` in ``JUPYTER_SESSIONS_USERDIR``, else ``logins``
    in ``sessions`` of Jupyter's data folder.

    Raises
    ------
    StoreUnusable
        When it can't be created, or others can read it and its mode is not ours to change.
    """
    known = login_context.known.get()
    if known is not None and known.folder is not None:
        return known.folder
    try:
        path = _path()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(path)
    except (OSError, RuntimeError) as error:
        raise unusable(error) from error
    if known is not None:
        known.folder = path
    return path


def unusable(error: Exception) -> errors.StoreUnusable:
    """Return the exception for a folder that can't be used."""
    return errors.StoreUnusable(
        f"The folder of the stored logins can't be used: {error}.",
        hint=f"Make your home folder writable, or set {FOLDER_VARIABLE} to another folder.",
    )


def _path() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    users = os.environ.get(USER_FOLDER_VARIABLE)
    if users:
        return Path(users).expanduser().absolute() / "logins"
    return paths.make_private_folder("logins")


def _make_private(path: Path) -> None:
    found = path.stat()
    if os.name == "nt" or not stat.S_IMODE(found.st_mode) & 0o077:
        return
    shared = found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX
    # A folder with other content, such as a home folder, is readable for its own reasons.
    if shared or any(not _is_ours(entry.name) for entry in path.iterdir()):
        raise errors.StoreUnusable(
            f"Other users can read {path}, and it holds more than logins.",
            hint=f"Set {FOLDER_VARIABLE} to a folder that only holds logins.",
        )
    path.chmod(0o700)


def _is_ours(name: str) -> bool:
    known = {CURRENT, LAST, PRUNED}
    return name in known or name.startswith((".", PIN)) or name.endswith(ENDING)


_LOCK = ".lock"

_LOCK_TIMEOUT = 60.0

_LONGEST = 1 << 20


Kind = TypeVar("Kind", bound=msgspec.Struct)


def read(file: Path, kind: type[Kind]) -> Kind | None:
    """Read a file; return None if it is missing or does not hold the expected type.

    A file that others can read is made private, except for a symbolic link's target.
    """
    try:
        # Opening a named pipe would block until its other end is opened.
        opened = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        mode = os.fstat(opened).st_mode
        if not stat.S_ISREG(mode):
            return None
        if os.name != "nt" and stat.S_IMODE(mode) & 0o077 and not file.is_symlink():
            with suppress(OSError):
                os.fchmod(opened, 0o600)
        return msgspec.json.decode(os.read(opened, _LONGEST), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    finally:
        os.close(opened)


def look_up(file: Path, kind: type[Kind]) -> Kind | None:
    """Return what `read` does, or what it returned before in `login_context.read_once`."""
    known = login_context.known.get()
    if known is None:
        return read(file, kind)
    if (file, kind) not in known.files:
        known.files[file, kind] = read(file, kind)
    found: Kind | None = known.files[file, kind]
    return found


def list_names(where: Path) -> list[str]:
    """Return the names of the files in the folder of the stored logins."""
    known = login_context.known.get()
    if known is None:
        return os.listdir(where)  # noqa: PTH208  # ten times as fast
    if known.names is None:
        known.names = os.listdir(where)  # noqa: PTH208  # the same
    return known.names


def write(file: Path, content: msgspec.Struct, *, lasting: bool = False) -> None:
    """Write a file atomically; call within `locked`.

    Unless `lasting`, the file may be lost in a power failure.
    """
    write_atomically(file, msgspec.json.encode(content), sync=lasting)


@contextmanager
def locked() -> Iterator[Path]:
    """Lock the logins for a change, and yield their folder.

    Raises
    ------
    StoreBusy
        When another process holds the lock for too long.
    StoreUnusable
        When they can't be changed.
    """
    from filelock import FileLock, Timeout

    where = folder()
    try:
        with FileLock(where / _LOCK, _LOCK_TIMEOUT, 0o600, poll_interval=0.005):
            login_context.refresh()
            yield where
    except Timeout as error:
        raise errors.StoreBusy(
            "Another process has locked the stored logins.", hint="Try again in a moment."
        ) from error
    except OSError as error:
        raise unusable(error) from error
    finally:
        login_context.refresh()


_NOTED_EVERY = timedelta(minutes=1)

_ID = re.compile(r"[0-9A-Za-z]{1,64}")


class Names(msgspec.Struct, kw_only=True):
    """Server and user of the last login, which are the defaults of the next."""

    server: str
    user: str


schemas.ready(Names)


def is_id(text: str) -> bool:
    """Tell whether a text can be the ID of a stored login."""
    return bool(_ID.fullmatch(text))


def stored() -> list[Login]:
    """Return all stored logins, the newest first; invalid files are skipped."""
    where = folder()
    try:
        found = [name for name in list_names(where) if name.endswith(ENDING)]
    except OSError as error:
        raise unusable(error) from error
    read_ = (by_id(name.removesuffix(ENDING)) for name in found)
    return sorted(filter(None, read_), key=lambda login: login.created, reverse=True)


def by_id(id_: str) -> Login | None:
    """Return the stored login with an ID, or None."""
    if not is_id(id_):
        return None
    login = look_up(folder() / f"{id_}{ENDING}", Login)
    # A file that was copied under another name would be removed under the wrong one.
    return login if login is not None and login.id == id_ else None


def keep(login: Login) -> Login:
    """Store a login, with its key in the keyring if the user wants that, and return it.

    Its server and user become the defaults of the next login.
    """
    if login.stored_key is not None and keyring.wanted():
        keyring.put(login.id, login.stored_key)
        login = msgspec.structs.replace(login, stored_key=None, in_keyring=True)
    with locked() as where:
        write(where / f"{login.id}{ENDING}", login, lasting=True)
        write(where / LAST, Names(server=login.server, user=login.real_user or login.user))
    return login


def remove(login: Login) -> None:
    """Remove the file of a login and its key from the keyring; it stays valid at the server.

    If it was chosen, the choice remains, and nothing takes its place automatically.
    """
    with locked() as where:
        (where / f"{login.id}{ENDING}").unlink(missing_ok=True)
    if login.in_keyring:
        with suppress(errors.StoreUnusable):  # without the file it is useless
            keyring.drop(login.id)


def learn(login: Login, answer: schemas.Login | errors.SessionsError | None) -> Login:
    """Update a stored login from its server's answer.

    Parameters
    ----------
    login
        The login.
    answer
        The login as the server shows it, for instance with its group; the error by which the server
        refuses it; or None if the server accepted it without details. A mere use is written at most
        once a minute.
    """
    learned = login.apply_answer(answer)
    if _is_same(learned, login):
        return login
    with locked() as where:
        file = where / f"{login.id}{ENDING}"
        known = read(file, Login)
        if known is not None:  # logins that were removed meanwhile stay removed
            write(file, known.apply_answer(answer), lasting=True)
    return learned


def _is_same(one: Login, other: Login) -> bool:
    if one.last_used and other.last_used and abs(one.last_used - other.last_used) < _NOTED_EVERY:
        one = msgspec.structs.replace(one, last_used=other.last_used)
    return one == other


def last() -> Names | None:
    """Return server and user of the last login, or None before the first."""
    return look_up(folder() / LAST, Names)
