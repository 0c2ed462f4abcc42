"""The command-line interface behind both ``jupyter sessions`` and ``%session``."""
