"""An invitation's link in a browser, and who is seen to be here now."""

from __future__ import annotations

from playwright.sync_api import expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import Site, Visit
from tests.conftest import PASSWORD


def invite(site: Site, code: str, *roles: str, uses: int = 5) -> str:
    """Make an invitation, and return its key."""
    wanted = schemas.Invite(code=code, roles=list(roles), uses=uses)
    key: str = site.store.call("root", api.INVITE, wanted).key
    return key


def test_the_key_behind_the_hash_is_taken_out_of_the_address_before_anything_is_asked(
    site: Site, visit: Visit
) -> None:
    code = site.session("Seattle weather")
    key = invite(site, code, "write")
    asked: list[str] = []
    page = visit("/sessions/join")
    page.on("request", lambda request: asked.append(request.url + str(request.headers)))
    page.goto("about:blank")
    page.goto(f"/sessions/join#{key}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Seattle weather")
    assert key not in page.url
    assert page.evaluate("() => location.hash") == ""
    assert not [one for one in asked if key in one.partition("#")[0]]


def test_a_guest_comes_in_by_a_name_and_is_seen_as_one(site: Site, visit: Visit) -> None:
    code = site.session("Seattle weather", bar="read")
    key = invite(site, code, "write")
    page = visit(f"/sessions/join#{key}")
    page.get_by_label("Your name, as a guest").fill("bar")
    page.get_by_role("button", name="Join as a guest").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose another name")
    page.get_by_label("Your name, as a guest").fill("gail")
    page.get_by_role("button", name="Join as a guest").click()
    page.wait_for_url("**/experiment")
    expect(page.locator(".me")).to_contain_text("guest")
    # Others see it without loading their page again.
    other = visit(site.address(code), "bar")
    expect(other.locator("[data-people] .person")).to_have_count(2)
    expect(other.locator("[data-people]")).to_contain_text("gail")
    expect(other.locator("[data-people] .chip.guest:visible")).to_have_count(1)
    page.goto("/sessions/")
    expect(page.get_by_role("link", name="Seattle weather")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/sessions/login")
    other.reload()
    expect(other.locator(".tabs")).to_contain_text("Members 2")


def test_who_has_an_account_logs_in_on_the_page_and_is_in(site: Site, visit: Visit) -> None:
    code = site.session("Seattle weather")
    site.person("newcomer")
    key = invite(site, code, "read", uses=1)
    page = visit(f"/sessions/join#{key}")
    page.get_by_label("User name").fill("newcomer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in and join").click()
    page.wait_for_url("**/experiment")
    expect(page.get_by_role("heading", level=1)).to_have_text("Seattle weather")


def test_a_link_joins_nobody_who_only_opens_it(site: Site, visit: Visit) -> None:
    code = site.session("Seattle weather")
    site.person("curious")
    page = visit(f"/sessions/join#{invite(site, code)}", "curious")
    expect(page.get_by_role("button", name="Join as curious")).to_be_visible()
    page.goto(site.address(code))
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Seattle weather")


def test_a_narrow_page_has_room_for_the_ways_in(site: Site, visit: Visit) -> None:
    code = site.session("Seattle weather")
    narrow = {"width": 360, "height": 700}
    page = visit(f"/sessions/join#{invite(site, code)}", viewport=narrow)
    expect(page.get_by_role("button", name="Join as a guest")).to_be_visible()
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 360
