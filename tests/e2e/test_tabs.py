"""Several tabs, several browsers, and no network."""

import asyncio

from playwright.async_api import Page, Request, expect

from tests.e2e.browsing import Visitors, heading, section

STALE_MS = 280_000
"""Past the point where the page renews a token of five minutes."""


async def test_two_tabs_renew_at_once_and_both_stay(visitors: Visitors) -> None:
    """Both tokens go stale together, both tabs are used together: one renewal, handed to the other tab."""
    visitor = await visitors.arrive()
    first = await visitor.sign_in()
    second = await visitor.open("/account")
    for page in (first, second):
        await expect(section(page, "Devices").get_by_text("This device")).to_be_visible()
    renewals: list[str] = []
    visitor.context.on("request", lambda request: renewals.extend(_renewal(request)))
    for page in (first, second):
        await page.clock.install()
    for turn in range(1, 6):
        for page in (first, second):
            await page.clock.fast_forward(STALE_MS)
        statuses = await asyncio.gather(_load(first), _load(second))
        assert set(statuses) == {200}
        # One, unless the news of it came later than the lock: then the second tab renewed as well, and lost nothing.
        assert turn <= len(renewals) <= 2 * turn
    await _still_in(first)
    await _still_in(second)


async def test_two_tabs_reloaded_at_once_both_stay(visitors: Visitors) -> None:
    """Each load begins without a token; the refresh cookie serves both."""
    visitor = await visitors.arrive()
    first = await visitor.sign_in()
    second = await visitor.open("/account")
    await expect(heading(second, "Your account")).to_be_visible()
    for _ in range(5):
        await asyncio.gather(first.reload(), second.reload())
        await asyncio.gather(_still_in(first), _still_in(second))


async def test_signing_out_in_one_tab_signs_out_the_other(visitors: Visitors) -> None:
    """The other tab shows the sign-in page at once, without having been touched, and a reload changes nothing."""
    visitor = await visitors.arrive()
    first = await visitor.sign_in()
    second = await visitor.open("/account")
    await expect(heading(second, "Your account")).to_be_visible()
    await first.get_by_role("banner").get_by_role("button", name="Sign out").click()
    for page in (first, second):
        await expect(heading(page, "Sign in")).to_be_visible()
    await expect(second.get_by_text("You signed out in another tab.")).to_be_visible()
    await second.reload()
    await expect(heading(second, "Sign in")).to_be_visible()
    assert "refresh" not in {cookie["name"] for cookie in await visitor.context.cookies()}


async def test_signing_in_in_one_tab_signs_in_the_other(visitors: Visitors) -> None:
    """A tab that waits at the sign-in page need not be told twice."""
    visitor = await visitors.arrive()
    waiting = await visitor.open("/")
    await expect(heading(waiting, "Sign in")).to_be_visible()
    await visitor.sign_in()
    await expect(heading(waiting, "Your account")).to_be_visible()


async def test_being_offline_is_not_a_sign_out(visitors: Visitors) -> None:
    """Without a network the page says so and keeps the session; with it, it goes on by itself."""
    visitor = await visitors.arrive(expected=("ERR_INTERNET_DISCONNECTED",))
    page = await visitor.sign_in()
    await visitor.context.set_offline(True)
    await section(page, "Sample data").get_by_role("button").click()
    await expect(page.get_by_role("alert").filter(has_text="The server cannot be reached.")).to_be_visible()
    await expect(page.get_by_text("You are still signed in; trying again")).to_be_visible()
    await expect(heading(page, "Your account")).to_be_visible()
    await visitor.context.set_offline(False)
    await expect(page.get_by_text("You are still signed in; trying again")).to_be_hidden()
    assert await _load(page) == 200


async def test_a_stale_token_offline_is_not_a_sign_out(visitors: Visitors) -> None:
    """A renewal that cannot reach the server leaves everything as it is."""
    visitor = await visitors.arrive(expected=("ERR_INTERNET_DISCONNECTED",))
    page = await visitor.sign_in()
    await page.clock.install()
    await visitor.context.set_offline(True)
    await page.clock.fast_forward(STALE_MS)
    await section(page, "Sample data").get_by_role("button").click()
    await expect(page.get_by_text("You are still signed in; trying again")).to_be_visible()
    await visitor.context.set_offline(False)
    await expect(page.get_by_text("You are still signed in; trying again")).to_be_hidden()
    await _still_in(page)


async def test_a_failing_server_is_not_a_sign_out(visitors: Visitors) -> None:
    """A reload that meets 503 waits and tries again; the session is there when the server is."""
    visitor = await visitors.arrive(expected=("503",))
    page = await visitor.sign_in()
    await page.route("**/auth/refresh", lambda route: route.fulfill(status=503, headers={"Retry-After": "60"}))
    await page.reload()
    await expect(page.get_by_text("The server cannot be reached. Trying again")).to_be_visible()
    await page.unroute("**/auth/refresh")
    await page.get_by_role("button", name="Try again").click()
    await _still_in(page)


async def test_signing_out_offline_reaches_the_server_later(visitors: Visitors) -> None:
    """The page signs out at once; the session itself ends as soon as the server can be told."""
    visitor = await visitors.arrive(expected=("ERR_INTERNET_DISCONNECTED",))
    page = await visitor.sign_in()
    await visitor.context.set_offline(True)
    await page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    await expect(heading(page, "Sign in")).to_be_visible()
    async with page.expect_response("**/auth/logout") as told:
        await visitor.context.set_offline(False)
    assert (await told.value).status == 204
    assert "refresh" not in {cookie["name"] for cookie in await visitor.context.cookies()}


async def test_signing_out_everywhere_ends_every_browser(visitors: Visitors) -> None:
    """One browser asks; the other is out at its next request, while its token is still young."""
    here = await (await visitors.arrive()).sign_in()
    elsewhere = await (await visitors.arrive(expected=("401",))).sign_in()
    await section(here, "Devices").get_by_role("button", name="Sign out everywhere").click()
    await here.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    await expect(here.get_by_text("You are signed out on all devices.")).to_be_visible()
    await section(elsewhere, "Sample data").get_by_role("button").click()
    await expect(elsewhere.get_by_text("Your session has ended. Please sign in again.")).to_be_visible()


async def test_ending_one_device_leaves_the_others(visitors: Visitors) -> None:
    """The list shows both browsers, the newest after this one; ending it ends that one only."""
    here = await (await visitors.arrive()).sign_in()
    elsewhere = await (await visitors.arrive(expected=("401",))).sign_in()
    await here.reload()
    others = section(here, "Devices").get_by_role("listitem").filter(has_not_text="This device")
    await expect(others.first).to_be_visible()
    before = await others.count()
    await others.first.get_by_role("button").click()
    await expect(section(here, "Devices").get_by_role("status")).to_contain_text("is signed out.")
    await expect(others).to_have_count(before - 1)
    await section(elsewhere, "Sample data").get_by_role("button").click()
    await expect(heading(elsewhere, "Sign in")).to_be_visible()
    await _still_in(here)


def _renewal(request: Request) -> list[str]:
    return [request.url] if request.url.endswith("/auth/refresh") else []


async def _load(page: Page) -> int:
    """Press the button that calls the guarded route; the status it gets."""
    async with page.expect_response("**/api/data") as response:
        await section(page, "Sample data").get_by_role("button").click()
    return (await response.value).status


async def _still_in(page: Page) -> None:
    await expect(heading(page, "Your account")).to_be_visible()
    assert await _load(page) == 200
