"""The words of the design as shapes: what goes over the wire, for server and client alike.

`Request` subclasses are what an operation takes (the path's parameters among them), and refuse
unknown fields; `Answer` subclasses are what it gives, and tolerate them, so that an older client
can read a newer server. Instants are timezone-aware UTC datetimes, durations are seconds, sizes
are bytes, time-outs are minutes.
"""

from __future__ import annotations

from msgspec import Struct

from jupyter_sessions.model.accounts import *
from jupyter_sessions.model.attachments import *
from jupyter_sessions.model.commands import *
from jupyter_sessions.model.decoding import *
from jupyter_sessions.model.events import *
from jupyter_sessions.model.fields import *
from jupyter_sessions.model.groups import *
from jupyter_sessions.model.health import *
from jupyter_sessions.model.invitations import *
from jupyter_sessions.model.logins import *
from jupyter_sessions.model.members import *
from jupyter_sessions.model.presence import *
from jupyter_sessions.model.scratch import *
from jupyter_sessions.model.sessions import *
from jupyter_sessions.model.stored_logins import *
from jupyter_sessions.model.webspace import *

ready(*(kind for kind in vars().values() if isinstance(kind, type) and issubclass(kind, Struct)))
