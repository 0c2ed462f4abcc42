"""No key stands in a line of the log, wherever it was typed."""

from __future__ import annotations

import logging
from urllib.parse import quote

from jupyter_sessions.server.log_filter import KeyFilter, hide_keys_in

KEY = "jses_" + "aB3-_" * 8


def test_a_key_is_cut_down_to_its_prefix_in_any_spelling():
    escaped = "".join(f"%{ord(letter):02x}" for letter in KEY)
    for written in (KEY, quote(KEY), escaped, KEY.replace("_", "%5F"), f"x/{escaped}?y"):
        hidden = hide_keys_in(f"404 GET /sessions/{written} (127.0.0.1)")
        assert "[secret]" in hidden
        assert KEY not in hidden and escaped not in hidden
    for prefix in ("jtik_", "jinv_", "jprc_"):
        assert hide_keys_in(f"{prefix}{'x' * 40}") == f"{prefix}[secret]"


def test_what_holds_no_key_stays_as_it_is():
    for text in ("jses_", "GET /a%20b%zz?x=%E2%82%AC 100%", "%s", "jses short"):
        assert hide_keys_in(text) == text


def test_the_arguments_and_the_traceback_of_a_record_are_looked_through():
    try:
        raise ValueError(KEY)
    except ValueError as error:
        seen = logging.LogRecord("x", 40, "f", 1, "it was %s", (KEY,), (type(error), error, None))
    assert KeyFilter().filter(seen)
    text = logging.Formatter().format(seen)
    assert text.count("jses_[secret]") == 2 and KEY not in text
