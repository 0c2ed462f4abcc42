"""Outputs and published files become documents, whatever is in them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering.files import preview_kind
from jupyter_sessions.server.rendering.markdown import Macros, latex, markdown
from jupyter_sessions.server.rendering.mime import preferred
from jupyter_sessions.server.rendering.outputs import decode_output, definitions_before
from jupyter_sessions.server.rendering.tables import table_body
from tests.server.rendering.rendered import render_file_preview, render_output_document


def display(**data: object) -> schemas.DisplayData:
    named = {kind.replace("__", "/").replace("_", "+"): value for kind, value in data.items()}
    return schemas.DisplayData(data=named, metadata={})


def file(path: str, media_type: str, size: int = 10) -> schemas.File:
    return schemas.File(
        path=path,
        name=path.rpartition("/")[2],
        folder=False,
        media_type=media_type,
        size=size,
        sha256="",
        publisher="root",
        published=datetime(2026, 11, 21, tzinfo=UTC),
        command=None,
    )


@pytest.mark.parametrize(
    ("kinds", "choice"),
    [
        (["text/plain", "text/html"], "text/html"),
        (["image/png", "image/svg+xml", "text/plain"], "image/svg+xml"),
        (["text/latex", "text/markdown"], "text/markdown"),
        (["application/json", "text/plain"], "application/json"),
        (["application/json", "image/png"], "image/png"),
        (["application/vnd.jupyter.widget-view+json", "text/plain"], "text/plain"),
        (["application/x-unknown"], None),
        ([], None),
    ],
)
def test_the_form_is_chosen_as_jupyterlab_does(kinds: list[str], choice: str | None) -> None:
    assert preferred(dict.fromkeys(kinds, "")) == choice


def test_images_are_given_as_their_own_bytes() -> None:
    png = base64.b64encode(b"\x89PNG").decode()
    assert render_output_document(display(image__png=[png[:3], png[3:]])) == (
        b"\x89PNG",
        "image/png",
    )
    assert render_output_document(display(image__png="!")) == (b"", "image/png")
    assert render_output_document(display(image__svg_xml="<svg/>")) == (b"<svg/>", "image/svg+xml")


@pytest.mark.parametrize(
    ("output", "inside"),
    [
        (display(text__html=["<b>", "bold</b>"]), "<b>bold</b>"),
        (display(text__markdown="*wet*"), "<em>wet</em>"),
        (display(text__latex="$x$"), "<mi>x</mi>"),
        (display(application__json={"<": None}), "&lt;"),
    ],
)
def test_rich_outputs_are_documents_of_their_own(output: schemas.Output, inside: str) -> None:
    content, media_type = render_output_document(output)
    assert media_type == "text/html; charset=utf-8"
    assert inside in content.decode()
    assert content.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "output",
    [
        schemas.Stream(name="stdout", text="<script>\x1b[31m"),
        schemas.ErrorOutput(ename="E", evalue="", traceback=["<script>\x1b[31m"]),
        display(text__plain="<script>\x1b[31m"),
    ],
)
def test_text_outputs_stay_text(output: schemas.Output) -> None:
    assert render_output_document(output) == (b"<script>", "text/plain; charset=utf-8")


def test_what_can_not_be_shown_says_what_it_is() -> None:
    content, media_type = render_output_document(display(application__x="?"))
    assert b"application/x" in content
    assert media_type.startswith("text/plain")


def test_lone_surrogates_are_replaced() -> None:
    for output in (display(text__html="\ud800"), schemas.Stream(name="stdout", text="\ud800")):
        assert b"?" in render_output_document(output)[0]


def test_formulas_escape_their_text_and_fall_back_to_their_source() -> None:
    assert "<script>" not in latex(r"$\text{</math><script>x</script>}$")
    assert "<script>" not in markdown(r"$\text{<script>}$ <script>")
    assert latex(r"$a^b^c$ <") == "<code>a^b^c</code> &lt;"
    assert markdown("from $5 to $6") == "<p>from $5 to $6</p>\n"


DEFINED = r"$\newcommand{\rain}[1]{R_{#1}}$"


def test_a_command_that_a_formula_defines_holds_for_the_formulas_after_it() -> None:
    for render in (latex, markdown):
        assert "<mi>R</mi>" in render(DEFINED + r" and $\rain{3}$")
    macros: Macros = {}
    markdown(r"$\renewcommand*{\rain}[1]{S_{#1}} \DeclareMathOperator*{\all}{all}$", macros)
    assert "<mi>S</mi>" in latex(r"$\rain{3}$", macros)
    assert "all" in latex(r"$\all x$", macros)


def test_it_holds_for_the_outputs_after_it_in_its_command_too() -> None:
    outputs = [
        schemas.Stream(name="stdout", text=DEFINED),
        display(text__latex=DEFINED),
        display(text__html=DEFINED),
        display(text__latex=r"$\rain{3}$"),
        display(text__markdown=r"$\rain{4}$"),
    ]
    encoded = [encode_output(each) for each in outputs]
    for place in (3, 4):
        before = definitions_before(encoded[:place])
        assert before == [("text/latex", DEFINED)]
        assert b"<mi>R</mi>" in render_output_document(outputs[place], before)[0]
    assert definitions_before(encoded[:1]) == []
    assert b"<mi>R</mi>" not in render_output_document(outputs[3])[0]


def encode_output(output: schemas.Output) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(output))


def test_only_the_representation_that_is_shown_is_decoded() -> None:
    values = {
        "application/json": [[], {"a": None}],
        "text/html": ["<b>one</b>\n", "two"],
        "text/latex": {"not": "a text"},
        "text/plain": "plain",
        "application/x-else": 1,
    }

    def decoded(*kinds: str) -> schemas.MimeBundle:
        output = schemas.ExecuteResult(
            data={kind: values[kind] for kind in kinds}, metadata={"a": 1}, execution_count=1
        )
        found = decode_output(encode_output(output))
        assert isinstance(found, schemas.DisplayData)
        return found.data

    shown = {"text/html": "<b>one</b>\ntwo", "text/plain": "plain"}
    assert decoded("text/html", "text/latex", "text/plain") == shown
    assert decoded("text/latex", "application/x-else") == {"text/latex": '{"not":"a text"}'}
    # It may be large, and is passed on to a worker as it is.
    kept = decoded("application/json", "text/plain")
    assert list(kept) == ["application/json", "text/plain"]
    assert isinstance(kept["application/json"], msgspec.Raw)
    assert list(decoded("application/x-else")) == ["application/x-else"]
    stream = schemas.Stream(name="stdout", text=["a\n", "b"])
    assert decode_output(encode_output(stream)) == stream


def test_a_document_of_json_is_made_of_its_encoded_text() -> None:
    output = schemas.DisplayData(data={"application/json": {"a": [1, "é"]}}, metadata={})
    shown = decode_output(encode_output(output))
    assert render_output_document(shown) == render_output_document(output)
    assert "é".encode() in render_output_document(shown)[0]
    many = msgspec.Raw(
        b'{"output_type":"display_data","data":{"application/json":['
        + b"[]," * 400_000
        + b'1]},"metadata":{}}'
    )
    document, _ = render_output_document(decode_output(many))
    assert b"Shown as plain text, only the beginning" in document


def test_it_holds_for_the_cells_after_it_in_a_notebook_too() -> None:
    shown = {"output_type": "display_data", "data": {"text/latex": r"$\rain{3}$"}}
    cells = [
        {"cell_type": "markdown", "source": DEFINED},
        {"cell_type": "code", "source": "rain", "outputs": [shown]},
    ]
    text = json.dumps({"cells": cells}).encode()
    html = render_file_preview(text, file("a.ipynb", "application/x-ipynb+json"))[0]
    assert b"<mi>R</mi>" in html


def test_tables_show_their_first_rows_with_numbers_to_the_right() -> None:
    rows = "\n".join(f"s{i},{i}" for i in range(500))
    content, _ = render_file_preview(f"station,rain\n{rows}".encode(), file("a.csv", "text/csv"))
    html = content.decode()
    assert html.count("<tr>") == 201
    assert '<td class="number">199</td>' in html
    assert "The first 200 rows" in html
    semicolons, _ = render_file_preview(b"a;b\n1;2\n", file("a.csv", "text/csv"))
    assert b'<th class="number">b</th>' in semicolons


@pytest.mark.parametrize(
    ("path", "media_type", "content"),
    [
        ("a.ipynb", "application/x-ipynb+json", b"not a notebook"),
        ("a.ipynb", "application/x-ipynb+json", b"[]"),
        ("a.ipynb", "application/x-ipynb+json", b'{"cells": 3}'),
        ("a.ipynb", "application/x-ipynb+json", b'{"cells": [1, {}, {"outputs": [2, {}]}]}'),
        ("a.json", "application/json", b"[" * 100_000),
        ("a.csv", "text/csv", b'"never closed\x00'),
        ("a.csv", "text/csv", b""),
        ("a.py", "text/x-python", bytes(range(256))),
        ("a.md", "text/markdown", b"\xff\xfe$\\frac{$"),
    ],
)
def test_damaged_files_still_have_a_preview(path: str, media_type: str, content: bytes) -> None:
    document, kind = render_file_preview(content, file(path, media_type))
    assert document.startswith(b"<!doctype html>")
    assert kind.startswith("text/html")


def test_a_notebook_shows_its_cells_and_outputs() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# A ", "title"]},
        {
            "cell_type": "code",
            "source": "1 < 2",
            "execution_count": 7,
            "outputs": [
                {"output_type": "stream", "name": "stderr", "text": "<careful>"},
                {"output_type": "error", "traceback": ["\x1b[31mno"]},
                {"output_type": "display_data", "data": {"image/png": "AAAA"}},
                {"output_type": "display_data", "data": {"text/html": "<i>rich</i>"}},
            ],
        },
    ]
    text = json.dumps({"cells": cells, "metadata": {}}).encode()
    html = render_file_preview(text, file("a.ipynb", "application/x-ipynb+json"))[0].decode()
    for part in (
        "<h1>A title</h1>",
        "[7]",
        "&lt;careful&gt;",
        '<span class="ansi-red-fg">no</span>',
        "data:image/png;base64,AAAA",
        "<i>rich</i>",
    ):
        assert part in html, part


@pytest.mark.parametrize(
    ("path", "media_type", "kind"),
    [
        ("a.png", "image/png", "image"),
        ("a.svg", "image/svg+xml", "image"),
        ("a.html", "text/html; charset=utf-8", "site"),
        ("a.csv", "text/csv", "document"),
        ("a.ipynb", "application/json", "document"),
        ("a.pdf", "application/pdf", "none"),
        ("a.npz", "application/octet-stream", "none"),
    ],
)
def test_each_kind_of_file_is_looked_at_in_its_own_way(
    path: str, media_type: str, kind: str
) -> None:
    assert preview_kind(file(path, media_type)) == kind


def test_long_fractions_in_tables_are_rounded_and_the_exact_value_is_in_the_title() -> None:
    html = str(table_body("a,b\n0.30000000000000004,1.25\n1234567.123456,-2.5\n", ","))
    assert '<td class="number" title="0.30000000000000004">0.3</td>' in html
    assert '<td class="number" title="1234567.123456">1234567.1</td>' in html
    assert '<td class="number">1.25</td>' in html
