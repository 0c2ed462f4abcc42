"""The Jupyter server extension: HTTP, pages, live view and capability URLs."""
