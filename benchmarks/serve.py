"""A Jupyter server for one row: ``python -m benchmarks.serve EXTENSION,… [OPTION …]``."""

from __future__ import annotations

import sys

from jupyter_server.serverapp import ServerApp


def main() -> None:
    """Serve until told to stop, with these extensions and no others."""
    extensions, *options = sys.argv[1:]
    app = ServerApp.instance(
        ip="127.0.0.1",
        port_retries=0,
        open_browser=False,
        allow_root=True,
        log_level="WARN",
        jpserver_extensions=dict.fromkeys(extensions.split(","), True),
    )
    app.initialize(options, find_extensions=False)
    app.start()


if __name__ == "__main__":
    main()
