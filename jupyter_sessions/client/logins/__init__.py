"""Logins stored on the user's disk: which there are, which is meant, getting and ending one."""

from jupyter_sessions.client.logins.create import (
    Made,
    Wanted,
    by_key,
    create,
    join,
    log_in,
    shown_by,
)
from jupyter_sessions.client.logins.deciding import Decided, reuse
from jupyter_sessions.client.logins.finding import at, find, named, short
from jupyter_sessions.client.logins.home import FOLDER_VARIABLE, USER_FOLDER_VARIABLE, folder
from jupyter_sessions.client.logins.keyring import KEYRING_VARIABLE
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.selection import (
    LOGIN_VARIABLE,
    OWN,
    Choice,
    Place,
    choose_where_none_is,
    chosen,
    current,
    current_id,
    set_current,
    set_here,
)
from jupyter_sessions.client.logins.status import Checked, as_stored, check, end, log_out
from jupyter_sessions.client.logins.storage import by_id, last, learn, remove, stored
from jupyter_sessions.client.transports.used import Used

__all__ = [
    "FOLDER_VARIABLE",
    "KEYRING_VARIABLE",
    "LOGIN_VARIABLE",
    "OWN",
    "USER_FOLDER_VARIABLE",
    "Checked",
    "Choice",
    "Decided",
    "Login",
    "Made",
    "Place",
    "Used",
    "Wanted",
    "as_stored",
    "at",
    "by_id",
    "by_key",
    "check",
    "choose_where_none_is",
    "chosen",
    "create",
    "current",
    "current_id",
    "end",
    "find",
    "folder",
    "join",
    "last",
    "learn",
    "log_in",
    "log_out",
    "named",
    "remove",
    "reuse",
    "set_current",
    "set_here",
    "short",
    "shown_by",
    "stored",
]
