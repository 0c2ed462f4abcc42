"""``jupyter sessions demo``: a real analysis, recorded into a session that one can look at."""
