"""The Hub's groups, from an identity provider that gives what JupyterHub's gives."""

from __future__ import annotations

from pathlib import Path

import httpx

from jupyter_sessions import api
from jupyter_sessions.server.auth import refresh_every_minute
from tests.server.serving import Place

HUB = '''
from types import SimpleNamespace
from jupyter_server.auth.identity import IdentityProvider, User

class HubUser(User):
    def __init__(self, hub_user):
        self.hub_user = hub_user
        super().__init__(username=hub_user["name"])

class Hub(IdentityProvider):
    """Knows people and their groups, by headers, in the form that JupyterHub's provider gives."""

    hub_auth = SimpleNamespace(cache_max_age=300)

    @property
    def auth_enabled(self):
        return True

    def get_user(self, handler):
        name = handler.request.headers.get("X-User")
        groups = handler.request.headers.get("X-Groups", "").split()
        return HubUser({"name": name, "groups": groups}) if name else None

    def get_handlers(self):
        return []
'''


def test_the_hubs_groups_count_as_of_each_request(place: Place) -> None:
    (place.folder / "hub.py").write_text(HUB)
    place.extra["PYTHONPATH"] = f"{Path.cwd()}:{place.folder}"
    with (
        place.serve("--SessionsServerApp.identity_provider_class=hub.Hub") as server,
        httpx.Client(base_url=server.url + api.PREFIX, timeout=30) as http,
    ):

        def groups(user: str, named: str) -> list[str]:
            answer = http.get("/groups", headers={"X-User": user, "X-Groups": named})
            return [group["name"] for group in answer.json()["items"]]

        assert groups("ann", "lab staff") == ["lab", "staff"]
        assert groups("ben", "lab") == ["lab"]
        assert groups("ann", "staff") == ["staff"]
        assert groups("ann", "") == []
        assert http.get("/groups", headers={"X-Groups": "lab"}).status_code == 401


def test_what_the_hub_said_counts_for_a_minute_at_most() -> None:
    scope: dict[str, type] = {}
    exec(HUB, scope)  # the provider above
    provider = scope["Hub"]()
    refresh_every_minute(provider)
    assert provider.hub_auth.cache_max_age == 60
    provider.hub_auth.cache_max_age = 10
    refresh_every_minute(provider)
    assert provider.hub_auth.cache_max_age == 10
