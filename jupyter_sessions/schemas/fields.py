"""Field types and base classes that all schemas are built from, and their preparation."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct
from msgspec.json import Decoder

from jupyter_sessions import urls

#: A session's code as people enter it; ``default`` stands for the caller's default session.
Code = Annotated[str, Meta(pattern=rf"^({urls.CODE})\Z", description="a session's code")]

Label = Annotated[str, Meta(max_length=200)]

Description = Annotated[str, Meta(max_length=10_000)]

Message = Annotated[str, Meta(max_length=2_000)]

UserName = Annotated[str, Meta(min_length=1, max_length=255)]

GroupName = Annotated[str, Meta(min_length=1, max_length=255)]

#: A new password, and a password given as proof of identity.
Password = Annotated[str, Meta(min_length=8, max_length=1_000)]

EnteredPassword = Annotated[str, Meta(max_length=1_000)]

#: A code from an authenticator app, or a recovery code; empty if none is given.
SecondFactorCode = Annotated[str, Meta(max_length=100)]

ScratchName = Annotated[str, Meta(min_length=1, max_length=200)]

SearchText = Annotated[str, Meta(max_length=500)]

Path = Annotated[str, Meta(max_length=1_000)]

Minutes = Annotated[int, Meta(ge=1, le=5_256_000)]

CommandNumber = Annotated[int, Meta(ge=1, le=2**53)]

EventNumber = Annotated[int, Meta(ge=0, le=2**53)]

Count = Annotated[int, Meta(ge=0, le=2**53)]

Seconds = Annotated[float, Meta(ge=0, le=1e10)]

PageSize = Annotated[int, Meta(ge=1, le=500)]

Cursor = Annotated[str, Meta(max_length=2_000)]

KernelId = Annotated[str, Meta(min_length=1, max_length=200)]


State = Literal["active", "disabled", "closed", "removed"]

LoginState = Literal["active", "expired", "revoked"]

InvitationState = Literal["active", "expired", "revoked", "used_up", "void"]

PresenceKind = Literal["page", "kernel", "program", "login"]

Status = Literal["running", "completed", "error", "aborted"]

AttachmentState = Literal["recording", "paused", "waiting", "ended"]

RoleName = Literal["read", "write", "execute", "admin", "owner"]


class Request(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base class of what operations take."""


class Answer(Struct, kw_only=True):
    """Base class of what operations return."""


T = TypeVar("T")


class Page(Answer, Generic[T]):
    """One page of a list; `next` is the value of ``after`` that requests the following page."""

    items: list[T]
    next: str | None = None


class Done(Answer):
    """The answer of an operation that has nothing to return."""

    done: bool = True


class Nothing(Request):
    """A request without parameters."""


def ready(*kinds: Any) -> None:
    """Prepare msgspec's decoders for these types while only one thread can use them.

    msgspec prepares a type when it first decodes it; if two threads do so at once, the process
    crashes (msgspec 0.22: a null pointer). Every module with its own types calls this at import.
    """
    for kind in kinds:
        Decoder(kind)
