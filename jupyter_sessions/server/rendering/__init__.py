"""What users made, as documents that a browser can show inside the sandbox of a capability URL.

Nothing here knows of HTTP, sessions or roles. The server renders by `renderer.Renderer`, which has
`workers` do what may take long.
"""
