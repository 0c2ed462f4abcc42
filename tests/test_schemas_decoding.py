"""Types are learnt at import: msgspec crashes where two threads first decode one at once."""

import subprocess
import sys

import pytest

THREADS = """
import sys, threading
from jupyter_sessions import api, schemas
from jupyter_sessions.server.handlers.request import read_request

sys.setswitchinterval(1e-5)
body = (b'{"commands":[{"id":"a","request":{"source":"1","started":"2026-11-21T12:00:00Z"},'
        b'"response":{"status":"completed","outputs":[{"output_type":"stream","name":"stdout",'
        b'"text":"x"}],"finished":"2026-11-21T12:00:01Z","duration":1.0}}]}')
together = threading.Barrier(8)

def decode():
    together.wait()
    read_request(api.RECORD_COMMANDS, {"code": "1" * 22}, {}, body)

threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.parametrize("_time", range(5))
def test_many_threads_decode_for_the_first_time_at_once(_time):
    ended = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
