"""What users made, as documents that a browser can show inside the sandbox of a capability URL.

Pure functions, bytes in and bytes out: nothing here knows of HTTP, sessions or roles.
"""

from jupyter_sessions.server.rendering.outputs import definitions_before, render_output_document
from jupyter_sessions.server.rendering.previews import (
    PREVIEW_BYTES,
    preview_kind,
    render_file_preview,
)

__all__ = [
    "PREVIEW_BYTES",
    "definitions_before",
    "preview_kind",
    "render_file_preview",
    "render_output_document",
]
