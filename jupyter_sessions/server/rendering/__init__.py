"""Rendering of user content as documents for the sandbox of a capability URL.

Nothing here depends on HTTP, sessions or roles. The server renders through `renderer.Renderer`,
which gives slow work to processes in `workers`.
"""
