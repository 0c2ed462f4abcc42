"""A recording that is too large to be decoded at once is refused for the same reasons as others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_sessions import api
from jupyter_sessions.core.history import json_scan
from tests.server.conftest import Site
from tests.server.serving import address, error_of, recording

LARGE = json.dumps("é" * json_scan.SMALL, ensure_ascii=False)
#: What stands in an output of each kind, with a large value beside or within it.
PARTS = {
    "text": '{"output_type":"stream","name":"stdout","text":HERE,"more":0}',
    "stream": '{"output_type":"stream","name":"stdout","text":["a",LARGE,HERE]}',
    "traceback": '{"output_type":"error","ename":"E","evalue":"","traceback":[LARGE,HERE]}',
    "no traceback": '{"output_type":"error","ename":LARGE,"evalue":"","traceback":HERE}',
    "data": '{"output_type":"display_data","data":{"a":LARGE,"b":HERE},"metadata":{}}',
    "no data": '{"output_type":"display_data","data":HERE,"metadata":{"a":LARGE}}',
    "nested": '{"output_type":"display_data","data":{"b":[LARGE,HERE]},"metadata":{}}',
    "metadata": '{"output_type":"display_data","data":{"b":LARGE},"metadata":{"a":HERE}}',
    "no metadata": '{"output_type":"display_data","data":{"b":LARGE},"metadata":HERE}',
    "count": '{"output_type":"execute_result","data":{"a":LARGE},"metadata":{},'
    '"execution_count":HERE}',
}
VALUES = {
    "number": "1", "null": "null", "text": '"x"', "list": "[]", "object": "{}", "nan": "NaN",
    "too large": "1e999", "too long": "7" * 5_000, "half a character": '"\\ud800"',
    "escape": '"\\x"', "not UTF-8": '"\udcff"', "control": '"\x01"', "cut": '"x', "comma": "1,",
}  # fmt: skip


@pytest.fixture(scope="module")
def code(site: Site) -> str:
    return site.session()


def send(site: Site, code: str, output: str) -> Any:
    command = json.dumps(recording(site.name())).replace('"outputs": []', f'"outputs":[{output}]')
    body = f'{{"commands":[{command}]}}'.encode("utf-8", "surrogateescape")
    path = address(api.RECORD_COMMANDS, {"code": code})
    return site.http.post(path, content=body, headers=site.headers("writer"))


@pytest.mark.parametrize("part", PARTS)
def test_what_is_refused_in_a_small_output_is_refused_in_a_large_one(
    site: Site, code: str, part: str
) -> None:
    for name, value in VALUES.items():
        output = PARTS[part].replace("HERE", value)
        small = send(site, code, output.replace("LARGE", '"x"'))
        large = send(site, code, output.replace("LARGE", LARGE))
        assert large.status_code == small.status_code, (name, small.text, large.text)
        if small.status_code == 200:
            (number,) = large.json()["numbers"]
            read = site.ask("reader", api.GET_COMMAND, code=code, number=number)
            assert read.json()["response"]["outputs"] == [
                json.loads(output.replace("LARGE", LARGE))
            ]
        elif "out of range" in small.text:
            assert "out of range" in large.text
        elif "entry 1" in small.text:
            assert error_of(large)["message"].split(",")[0] in small.text


def test_values_of_outputs_are_stored_to_the_letter(site: Site, code: str) -> None:
    digits = "1.2300000000000000000000000000000000000000001"
    output = f'{{"output_type":"display_data","data":{{"a":[ {digits} ]}},"metadata":{{}}}}'
    (number,) = send(site, code, output).json()["numbers"]
    read = site.ask("reader", api.GET_COMMAND, code=code, number=number)
    assert output in read.text


def test_doubled_names_are_refused_in_large_requests_too(site: Site, code: str) -> None:
    for part in ('"metadata":{},"metadata":{}', '"metadata":{"a":1,"a":2}'):
        output = f'{{"output_type":"display_data","data":{{"a":LARGE}},{part}}}'
        assert send(site, code, output.replace("LARGE", LARGE)).status_code == 400
    output = f'{{"output_type":"display_data","data":{{"a":1,"a":{LARGE}}},"metadata":{{}}}}'
    assert send(site, code, output).status_code == 400


def test_other_requests_of_millions_of_values_are_refused(site: Site, code: str) -> None:
    body = b'{"value":[%b0]}' % (b"[]," * 400_000)
    path = address(api.SET_SCRATCH, {"code": code, "name": "x"})
    answer = site.http.put(path, content=body, headers=site.headers("writer"))
    assert answer.status_code == 413
    assert "values" in error_of(answer)["message"]
