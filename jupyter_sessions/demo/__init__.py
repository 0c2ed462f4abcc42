"""The demo (``jupyter sessions demo``): a real analysis, recorded into a new session."""
