"""The schemas of requests and answers, shared by server and client.

Subclasses of `Request` are what operations take (including the parameters in the path) and reject
unknown fields. Subclasses of `Answer` are what operations return and ignore unknown fields, so an
older client can read a newer server's answers. Instants are timezone-aware UTC datetimes, durations
are seconds, sizes are bytes, time-outs are minutes.
"""

from __future__ import annotations

from msgspec import Struct

from jupyter_sessions.schemas.accounts import *
from jupyter_sessions.schemas.attachments import *
from jupyter_sessions.schemas.commands import *
from jupyter_sessions.schemas.events import *
from jupyter_sessions.schemas.fields import *
from jupyter_sessions.schemas.groups import *
from jupyter_sessions.schemas.invitations import *
from jupyter_sessions.schemas.logins import *
from jupyter_sessions.schemas.members import *
from jupyter_sessions.schemas.presence import *
from jupyter_sessions.schemas.scratch import *
from jupyter_sessions.schemas.sessions import *
from jupyter_sessions.schemas.webspace import *

ready(*(kind for kind in vars().values() if isinstance(kind, type) and issubclass(kind, Struct)))
