"""Tornado request handlers for the REST API, WebSockets, capability URLs and XML-RPC."""
