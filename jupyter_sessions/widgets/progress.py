"""Run background work with a progress bar and a cancel button."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import ipywidgets

from jupyter_sessions import errors
from jupyter_sessions.widgets.live import kernel_loop
from jupyter_sessions.widgets.ui import button, set_visible

T = TypeVar("T")

#: Seconds between two updates of the bar.
_UPDATE_INTERVAL = 0.1


class Cancelled(Exception):
    """The user cancelled the work."""


class Steps:
    """Reports the progress of the work.

    Parameters
    ----------
    show
        Called with the progress: a fraction and a short text.
    """

    def __init__(self, show: Callable[[float, str], None]) -> None:
        self._show = show
        self._updated = 0.0
        self._cancelled = threading.Event()

    def report(self, done: float, total: float, text: str = "") -> None:
        """Report how much of the total is done.

        Raises
        ------
        Cancelled
            When the user has cancelled the work.
        """
        if self._cancelled.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - self._updated >= _UPDATE_INTERVAL:
            self._updated = now
            self._show(min(done / total, 1.0) if total else 0.0, text)

    def cancel(self) -> None:
        """Cancel the work at its next step."""
        self._cancelled.set()


class Progress(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A progress bar with a cancel button; hidden while no work is running."""

    def __init__(self) -> None:
        self._steps: Steps | None = None
        self.bar = ipywidgets.FloatProgress(max=1.0, layout={"width": "16em"})
        self.label = ipywidgets.Label()
        self.cancel = button("Cancel", "stop", self.stop)
        super().__init__([self.bar, self.label, self.cancel])
        set_visible(self, False)

    @property
    def running(self) -> bool:
        """Whether work is running."""
        return self._steps is not None

    def run(
        self,
        work: Callable[[Steps], T],
        done: Callable[[T], None],
        failed: Callable[[errors.SessionsError | None], None],
        *,
        instead: bool = False,
    ) -> None:
        """Run work in a thread, and handle its result on the kernel's event loop.

        Without an event loop, it runs synchronously.

        Parameters
        ----------
        work
            The work; it reports its progress through the steps.
        done
            Called with the result of the work.
        failed
            Called with the exception, or None after cancellation.

        instead
            Whether running work is cancelled first, without a report.

        Raises
        ------
        WrongState
            When other work is running.
        """
        if self._steps is not None and instead:
            self._steps.cancel()
        elif self._steps is not None:
            raise errors.WrongState(
                "Something else is still running here.",
                hint="Wait until it has finished, or cancel it.",
            )
        loop = kernel_loop()
        if loop is None:
            alone = self._steps = Steps(self._show)
            self._ended(alone, _outcome(work, alone), done, failed)
            return

        def post(act: Callable[[], None]) -> None:
            loop.call_soon_threadsafe(act)

        def show(part: float, text: str) -> None:
            post(lambda: self._show(part, text))

        steps = self._steps = Steps(show)
        self._show(0.0, "")
        set_visible(self, True)

        def in_thread() -> None:
            outcome = _outcome(work, steps)
            post(lambda: self._ended(steps, outcome, done, failed))

        threading.Thread(target=in_thread, name="sessions-work", daemon=True).start()

    def stop(self) -> None:
        """Cancel the running work at its next step."""
        if self._steps is not None:
            self._steps.cancel()
            self.label.value = "Cancelling …"

    def close(self) -> None:
        """Cancel the work, and close the widget."""
        self.stop()
        super().close()

    def _show(self, part: float, text: str) -> None:
        self.bar.value, self.label.value = part, text

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
        set_visible(self, False)
        if isinstance(outcome, Finished):
            done(outcome.result)
        else:
            failed(outcome)


@dataclass(frozen=True)
class Finished(Generic[T]):
    """The result of the work."""

    result: T


Outcome = Finished[T] | errors.SessionsError | None


def _outcome(work: Callable[[Steps], T], steps: Steps) -> Outcome[T]:
    try:
        return Finished(work(steps))
    except Cancelled:
        return None
    except errors.SessionsError as error:
        return error
    except Exception as error:  # noqa: BLE001  # nobody would see it in a thread
        return errors.InternalError(f"{type(error).__name__}: {error}", hint="Try again.")
