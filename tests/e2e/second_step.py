"""What people do again and again where there are two factors."""

from playwright.async_api import Locator, Page, expect

from tests.e2e.accounts import PASSWORD, Phone, phone_of, scan
from tests.e2e.browsing import fill_credentials, heading


async def second_step(page: Page, email: str) -> None:
    """From the sign-in page to the question for a code, with the focus in its field."""
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "Confirm that it is you")).to_be_visible()
    await expect(page.get_by_label("Code")).to_be_focused()


async def scanned(place: Locator) -> Phone:
    """A phone that has scanned the picture in `place`."""
    return phone_of(await scan(place.get_by_role("img")))


async def save_codes(place: Locator) -> None:
    """Say that the recovery codes are saved, and go on."""
    await place.get_by_role("checkbox", name="I saved them").check()
    await place.get_by_role("button", name="Done").click()
    await expect(place.locator(".codes")).to_have_count(0)


async def join_strictly(page: Page, email: str) -> Phone:
    """Register where everybody needs a second factor, as far as the recovery codes."""
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(heading(page, "This service asks for a second factor")).to_be_focused()
    await page.get_by_role("button", name="Use an authenticator app").click()
    await expect(heading(page, "Add an authenticator app")).to_be_focused()
    phone = await scanned(page.get_by_role("main"))
    await page.get_by_label("Code").fill(phone.code())
    await expect(heading(page, "Keep your recovery codes")).to_be_focused()
    return phone


async def sign_out(page: Page) -> None:
    """What the account page was still loading is refused then, with 401."""
    async with page.expect_response("**/auth/logout"):
        await page.get_by_role("banner").get_by_role("button").click()
    await expect(heading(page, "Sign in")).to_be_visible()


async def proof_is_old(page: Page) -> None:
    """Where a proof is recent for a second only, that second passes; nothing happens then that could be awaited."""
    await page.wait_for_timeout(1_100)
