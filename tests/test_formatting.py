"""Values read well, and the same everywhere; JSON for people stays the same, of a bounded size."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.formatting import (
    format_age,
    format_count,
    format_duration,
    format_json,
    format_roles,
    format_size,
    format_timeout,
    make_initials,
    pick_hue,
    scale_duration,
    simplify_roles,
)

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_what_is_indented_is_the_same_json(value: object) -> None:
    dense = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    assert json.loads(format_json(dense)) == json.loads(dense)
    assert format_json(dense).decode() == json.dumps(
        json.loads(dense), indent=2, ensure_ascii=False
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" * 480 + "]" * 480,
        "[" + ",".join(["[" * 480 + "]" * 480] * 200) + "]",
        '{"a":' * 300 + "1" + "}" * 300,
        "[" + "1," * 400_000 + "1]",
        '["' + '\\"[' * 100_000 + '"]',
    ],
)
def test_json_of_any_form_is_at_most_a_few_times_larger_for_people(text: str) -> None:
    started = time.process_time()
    shown = format_json(text.encode())
    assert len(shown) < 4 * len(text) + 4_096
    assert json.loads(shown) == json.loads(text)
    assert time.process_time() - started < 5


ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

#: What jest reads too, for the front end and for the pages' script.
EXAMPLES: dict[str, list[Any]] = json.loads(
    (ROOT / "tests" / "fixtures" / "formatting.json").read_text()
)


@pytest.mark.parametrize(("count", "text"), EXAMPLES["sizes"])
def test_sizes_read_in_their_own_unit(count: int, text: str) -> None:
    assert format_size(count) == text


@pytest.mark.parametrize(("seconds", "text"), EXAMPLES["durations"])
def test_durations_read_in_their_own_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("passed", "text"), [*EXAMPLES["ages"], [40 * 86400, "12 October 2026"]])
def test_the_past_reads_as_people_say_it(passed: float, text: str) -> None:
    assert format_age(NOW - timedelta(seconds=passed), NOW) == text


@pytest.mark.parametrize(("roles", "simplified"), EXAMPLES["roles"])
def test_roles_that_others_imply_are_left_out(roles: list[str], simplified: list[str]) -> None:
    assert simplify_roles(roles) == simplified
    assert format_roles(roles) == (", ".join(simplified) or "none")


@pytest.mark.parametrize(("name", "initials"), EXAMPLES["initials"])
def test_a_badge_has_the_initials_of_a_name(name: str, initials: str) -> None:
    assert make_initials(name) == initials


@pytest.mark.parametrize(("name", "hue"), EXAMPLES["hues"])
def test_a_name_has_one_colour(name: str, hue: int) -> None:
    assert pick_hue(name) == hue


@pytest.mark.parametrize(("seconds", "place"), EXAMPLES["places"])
def test_a_duration_has_a_place_on_a_scale(seconds: float | None, place: int) -> None:
    assert scale_duration(seconds) == place


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(5, "5 min"), (90, "1 h 30 min"), (1440, "1 d"), (1561, "1 d 2 h 1 min"), (129_600, "90 d")],
)
def test_time_outs_read_in_their_own_units(minutes: int, text: str) -> None:
    assert format_timeout(minutes) == text


def test_a_number_agrees_with_its_noun() -> None:
    assert format_count(1, "command") == "1 command"
    assert format_count(12_000, "command") == "12,000 commands"
    assert format_count(2, "entry", "entries") == "2 entries"


def test_people_have_the_same_colours_in_jupyterlab_and_on_the_pages() -> None:
    pages = (ROOT / "jupyter_sessions/server/static/page.css").read_text()
    lab = (ROOT / "labextension/style/base.css").read_text()
    drawn = r"jp-mod-hue(\d) \{\s*background: (#\w{6});"
    dark = dict(re.findall(rf"jp-theme-light='false'\] \.{drawn}", lab))
    light = dict(re.findall(rf"^\.{drawn}", lab, re.MULTILINE))
    both = re.findall(r"\.hue-(\d) \{ background: light-dark\((#\w{6}), (#\w{6})\)", pages)
    assert len(both) == len(light) == 8
    assert both == [(hue, light[hue], dark[hue]) for hue in sorted(light)]
