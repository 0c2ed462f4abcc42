"""``%session ui``: the panel of widgets in a notebook, which can have the kernel record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_sessions import errors

if TYPE_CHECKING:
    from jupyter_sessions import schemas
    from jupyter_sessions.cli.frontend import Front
    from jupyter_sessions.client.transports.base import Transport
    from jupyter_sessions.widgets import SessionPanel


class Panels:
    """The panel that is open in this kernel, if one is."""

    def __init__(self) -> None:
        self._open: SessionPanel | None = None

    def open(
        self,
        front: Front,
        session: schemas.Session | None,
        transport: Transport,
        *,
        notebook: bool,
    ) -> None:
        """Display a panel, in place of the one before.

        Parameters
        ----------
        front
            The kernel, which may be made to record into the session that is shown.
        session
            The session to begin with.
        transport
            The way to it; closed with the panel.
        notebook
            Whether this is one.

        Raises
        ------
        BadRequest
            When this is a terminal, or ipywidgets is not installed.
        """
        from IPython.display import display

        try:
            if not notebook:
                raise errors.BadRequest(
                    "Widgets need a notebook, and this is a terminal.",
                    hint="Use `%session list` and `%session history`.",
                )
            panel_class = _panel_class()
        except errors.BadRequest:
            transport.close()
            raise
        self.close()
        self._open = panel_class(
            session, transport=transport, owns_transport=True, record=front.take_up
        )
        display(self._open)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Have the panel let go of its session and its connections."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _panel_class() -> type[SessionPanel]:
    try:
        from jupyter_sessions.widgets import SessionPanel
    except ImportError as error:
        raise errors.BadRequest(
            "The widgets need ipywidgets, which is not installed here.",
            hint='Install it: pip install "jupyter_sessions[widgets]"',
        ) from error
    return SessionPanel
