"""Work that takes a while: a bar that shows how far it is, and a button that ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import ipywidgets

from jupyter_sessions import errors
from jupyter_sessions.widgets.live import kernel_loop
from jupyter_sessions.widgets.ui import button, shown

T = TypeVar("T")

#: Seconds between two moves of the bar.
_SHOWN_EVERY = 0.1


class Cancelled(Exception):
    """The user ended the work."""


class Steps:
    """What the work tells of itself.

    Parameters
    ----------
    show
        Is told how far it is: a fraction, and a word on it.
    """

    def __init__(self, show: Callable[[float, str], None]) -> None:
        self._show = show
        self._shown = 0.0
        self._cancelled = threading.Event()

    def at(self, done: float, total: float, said: str = "") -> None:
        """Tell how much is done of how much.

        Raises
        ------
        Cancelled
            When the user has ended the work.
        """
        if self._cancelled.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - self._shown >= _SHOWN_EVERY:
            self._shown = now
            self._show(min(done / total, 1.0) if total else 0.0, said)

    def cancel(self) -> None:
        """Have the work end at its next step."""
        self._cancelled.set()


class Progress(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A progress bar with a button to cancel; out of sight while nothing is under way."""

    def __init__(self) -> None:
        self._steps: Steps | None = None
        self.bar = ipywidgets.FloatProgress(max=1.0, layout={"width": "16em"})
        self.label = ipywidgets.Label()
        self.cancel = button("Cancel", "stop", self.stop)
        super().__init__([self.bar, self.label, self.cancel])
        shown(self, False)

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._steps is not None

    def run(
        self,
        work: Callable[[Steps], T],
        done: Callable[[T], None],
        failed: Callable[[errors.SessionsError | None], None],
        *,
        instead: bool = False,
    ) -> None:
        """Do work in a thread, and say on the kernel's loop what became of it.

        Where there is no loop, it is done here and now.

        Parameters
        ----------
        work
            The work; tells its steps how far it is.
        done
            Is given what the work returned.
        failed
            Is given what it raised, or None where it was cancelled.

        instead
            Whether work that is under way is cancelled for it, and nothing said of its end.

        Raises
        ------
        WrongState
            When other work is under way.
        """
        if self._steps is not None and instead:
            self._steps.cancel()
        elif self._steps is not None:
            raise errors.WrongState(
                "Something else is still under way here.", hint="Wait for its end, or cancel it."
            )
        loop = kernel_loop()
        if loop is None:
            alone = self._steps = Steps(self._show)
            self._ended(alone, _outcome(work, alone), done, failed)
            return

        def post(act: Callable[[], None]) -> None:
            loop.call_soon_threadsafe(act)

        def show(part: float, said: str) -> None:
            post(lambda: self._show(part, said))

        steps = self._steps = Steps(show)
        self._show(0.0, "")
        shown(self, True)

        def in_thread() -> None:
            outcome = _outcome(work, steps)
            post(lambda: self._ended(steps, outcome, done, failed))

        threading.Thread(target=in_thread, name="sessions-work", daemon=True).start()

    def stop(self) -> None:
        """Have the work that is under way end at its next step."""
        if self._steps is not None:
            self._steps.cancel()
            self.label.value = "Cancelling …"

    def close(self) -> None:
        """End the work, and the widget."""
        self.stop()
        super().close()

    def _show(self, part: float, said: str) -> None:
        self.bar.value, self.label.value = part, said

    def _ended(
        self,
        steps: Steps,
        outcome: Outcome[T],
        done: Callable[[T], None],
        failed: Callable[[errors.SessionsError | None], None],
    ) -> None:
        if steps is not self._steps:
            return
        self._steps = None
        shown(self, False)
        if isinstance(outcome, Came):
            done(outcome.result)
        else:
            failed(outcome)


@dataclass(frozen=True)
class Came(Generic[T]):
    """What work returned."""

    result: T


Outcome = Came[T] | errors.SessionsError | None


def _outcome(work: Callable[[Steps], T], steps: Steps) -> Outcome[T]:
    try:
        return Came(work(steps))
    except Cancelled:
        return None
    except errors.SessionsError as error:
        return error
    except Exception as error:  # noqa: BLE001  # nobody would hear of it in a thread
        return errors.InternalError(f"{type(error).__name__}: {error}", hint="Try it again.")
