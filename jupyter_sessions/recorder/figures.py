"""Draw the matplotlib figures of a terminal, which a notebook would show as pictures.

A terminal shows only a figure's text, or nothing at all (`plt.show` without a window). matplotlib
is never imported here: if the user's code imports it, its `show` is observed from then on.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from jupyter_sessions.recorder.streams.patching import replace

_PYPLOT = "matplotlib.pyplot"
_INLINE = "inline"

_log = logging.getLogger(__name__)


def draw(value: object) -> str | None:
    """Return the PNG of a figure as base64; None for other values, or if it has no axes."""
    figure = sys.modules.get("matplotlib.figure")
    if figure is None or not isinstance(value, figure.Figure):
        return None
    from IPython.core.pylabtools import print_figure

    try:
        picture: str | None = print_figure(value, base64=True)  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - matplotlib fails in many ways, and only this form is missing
        _log.debug("A figure could not be drawn", exc_info=True)
        return None
    return picture


class FigureWatch:
    """Reports the figures that `matplotlib.pyplot.show` shows, between `begin` and `end`.

    Parameters
    ----------
    report
        Called with a figure's text and its PNG as base64.
    """

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._report = report
        self._seen: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._restore: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Observe `show`, now or as soon as it is imported."""
        module = sys.modules.get(_PYPLOT)
        if module is not None:
            self._observe(module)
            return
        finder = _Finder(self._observe)
        sys.meta_path.insert(0, finder)
        self._restore.append(finder.remove)

    def end(self) -> None:
        """Stop observing."""
        while self._restore:
            self._restore.pop()()

    def _observe(self, module: ModuleType) -> None:
        if hasattr(module, "show"):
            self._restore.append(replace(module, show=self._showing(module.show, module)))

    def _showing(self, show: Callable[..., Any], module: Any) -> Callable[..., Any]:
        @wraps(show)
        def report_and_show(*args: Any, **kwargs: Any) -> Any:
            # The inline backend displays them as IPython does, and that is observed anyway.
            if self._restore and _INLINE not in str(module.get_backend()):
                from matplotlib._pylab_helpers import Gcf  # without it, each becomes the current

                for manager in Gcf.get_all_fig_managers():
                    self._take(manager.canvas.figure)
            return show(*args, **kwargs)

        return report_and_show

    def _take(self, figure: Any) -> None:
        """Report a figure, unless it was shown before and looks the same."""
        picture = draw(figure)
        if picture is not None and self._seen.get(figure) != picture:
            self._seen[figure] = picture
            self._report(repr(figure), picture)


class _Finder(MetaPathFinder):
    """Calls a function with `matplotlib.pyplot` as soon as it has been imported."""

    def __init__(self, imported: Callable[[ModuleType], None]) -> None:
        self._imported = imported

    def remove(self) -> None:
        """Stop waiting for the import."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as the other finders do, and let its loader call back."""
        if fullname != _PYPLOT:
            return None
        self.remove()
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                self._watch(spec.loader)
                return spec
        return None

    def _watch(self, loader: Any) -> None:
        load = loader.exec_module

        def load_and_report(module: ModuleType) -> None:
            load(module)
            self._imported(module)

        replace(loader, exec_module=load_and_report)
