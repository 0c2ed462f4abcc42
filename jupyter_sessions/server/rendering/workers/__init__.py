"""Rendering in separate processes, so that hostile content affects only its own request."""
