"""What a row found, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.timing import middle


@dataclass(frozen=True)
class Figure:
    """Something measured, once a round."""

    name: str
    values: Sequence[float]
    unit: str

    def to_json(self) -> dict[str, Any]:
        """Return it for machines."""
        low, median, high = middle(self.values)
        return {"name": self.name, "median": median, "quartiles": [low, high], "unit": self.unit}

    def line(self) -> str:
        """Return it for people."""
        low, median, high = map(_number, middle(self.values))
        return f"{self.name:<64} {median:>10} {self.unit:<5} ({low} … {high})"


@dataclass(frozen=True)
class Goal(Figure):
    """A figure that is held to a limit."""

    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the median is within the limit."""
        _, median, _ = middle(self.values)
        return median >= self.limit if self.at_least else median <= self.limit

    def to_json(self) -> dict[str, Any]:
        """Return it for machines."""
        goal = {"at_least" if self.at_least else "at_most": self.limit}
        return {**super().to_json(), "goal": goal, "holds": self.holds}

    def line(self) -> str:
        """Return it for people."""
        asked = f"{'at least' if self.at_least else 'at most'} {_number(self.limit)}"
        return f"{super().line():<104} {asked:<14} {'holds' if self.holds else 'MISSED'}"


@dataclass
class Row:
    """One row of the design's table, as measured in this run.

    Attributes
    ----------
    title
        What is measured.
    figures
        Both sides of each ratio, and the peers.
    goals
        The ratios.
    notes
        How it was measured, and what could not be.
    """

    title: str
    figures: list[Figure] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "title": self.title,
            "figures": [figure.to_json() for figure in self.figures],
            "goals": [goal.to_json() for goal in self.goals],
            "notes": self.notes,
        }

    def __str__(self) -> str:
        lines = [figure.line() for figure in (*self.figures, *self.goals)]
        return "\n".join([self.title, *(f"  {line}" for line in (*lines, *self.notes))])


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
