"""Rendering in processes of its own, so that content can cost only the request that shows it."""
