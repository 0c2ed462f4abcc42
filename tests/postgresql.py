"""A PostgreSQL cluster of the tests' own, which they may stop, kill and start again."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from tests.waiting import STARTED_WITHIN, until


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


class PostgresqlCluster:
    """A cluster that listens on a socket in a folder of its own.

    Parameters
    ----------
    programs
        The folder of PostgreSQL's programs.
    durable
        Whether it syncs what it writes. The tests of the suite need no more than its answers.

    Attributes
    ----------
    url
        Its URL, with ``{name}`` for the name of a database.
    """

    def __init__(self, programs: Path, *, durable: bool = False) -> None:
        self._programs = programs
        self._durable = durable
        # Sockets have short paths, and PostgreSQL refuses to run as root.
        self._folder = Path("/tmp") / f"sessions-postgresql-{secrets.token_hex(4)}"
        self._folder.mkdir(mode=0o755)
        self._user = None
        if os.geteuid() == 0:
            self._user = "postgres"
            shutil.chown(self._folder, self._user, self._user)
        self._log = self._folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://sessions@/{{name}}?host={self._folder}"
        subprocess.run(
            [programs / "initdb", "-D", self._data, "-U", "sessions", "-A", "trust", "--no-sync"],
            check=True, capture_output=True, user=self._user, cwd=self._folder,
        )  # fmt: skip

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self._folder)}
        if not self._durable:
            options["fsync"] = "off"
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *arguments],
                stdout=log, stderr=log, user=self._user, cwd=self._folder,
            )  # fmt: skip
        until(self.answers, self._log.read_text)

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        from sqlalchemy import create_engine
        from sqlalchemy.exc import OperationalError

        engine = create_engine(self.url.format(name="postgres"))
        try:
            engine.connect().close()
        except OperationalError:
            return False
        finally:
            engine.dispose()
        return True

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: its own names are SIGTERM smart, SIGINT fast, and SIGQUIT immediate."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(STARTED_WITHIN)

    def kill(self) -> None:
        """End all its processes at once, as a machine that loses its power does."""
        assert self._process is not None
        main = psutil.Process(self._process.pid)
        processes = [main, *main.children(recursive=True)]
        main.suspend()  # so that it starts no others meanwhile
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, STARTED_WITHIN)
        self._process.wait(STARTED_WITHIN)

    def kill_backend(self, choose: float) -> bool:
        """Kill one of the processes that serve connections, on which it restarts all the others.

        Parameters
        ----------
        choose
            Which, from 0 to 1.

        Returns
        -------
        bool
            Whether there was one.
        """
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        backends = [child for child in children if "sessions" in " ".join(_command_line(child))]
        if not backends:
            return False
        backends[int(choose * len(backends))].kill()
        return True

    def remove(self) -> None:
        """End it, and remove all that it had."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self._folder)
        self._log.unlink(missing_ok=True)


def _command_line(process: psutil.Process) -> list[str]:
    try:
        found: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return found
