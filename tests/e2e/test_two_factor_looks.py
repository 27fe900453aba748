"""Two-factor in every size and scheme: it fits the screen, passes axe, and leaves pictures for people."""

from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.accounts import PASSWORD, Phone, join_with_app, use_up
from tests.e2e.appearance import SIZES, examine
from tests.e2e.authenticator import Authenticator
from tests.e2e.browsing import Scheme, Visitors
from tests.e2e.second_step import proof_is_old, scanned
from tests.support.live_server import LiveServer

LOOKS = pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "en-US"), ("light", "ko-KR")])


@SIZES
@LOOKS
async def test_the_second_step_and_the_account(
    visitors: Visitors, server: LiveServer, pictures: Path, viewport: ViewportSize, scheme: Scheme, locale: str
) -> None:
    """The code, its refusal, the recovery code, the account with few codes left, the proof, the dialogs."""
    look = f"{viewport['width']}-{scheme}-{locale[:2]}"
    email = f"second-{look}@example.com"
    phone = join_with_app(server, email)
    use_up(server, email, phone.recovery_codes[:6])
    visitor = await visitors.arrive(viewport=viewport, scheme=scheme, locale=locale, expected=("401",))
    page = await visitor.open("/")
    await give_password(page, email)
    await examine(page, pictures / f"second-step-{look}.png", wait_for="[name=code]")
    await page.locator("[name=code]").fill(phone.code_of_a_clock(minutes=4))
    await examine(page, pictures / f"second-step-refused-{look}.png", wait_for=".error")
    await page.locator(".link").first.click()
    await examine(page, pictures / f"recovery-code-{look}.png", wait_for="[autocapitalize=characters]")
    await page.locator("[name=code]").fill(phone.recovery_codes[6])
    await page.locator("[type=submit]").click()
    await examine(page, pictures / f"recovered-{look}.png", wait_for="#two-factor .calm")
    await page.get_by_role("banner").get_by_role("button").click()
    await give_password(page, email)
    await page.locator("[name=trust]").check()
    await page.locator("[name=code]").fill(phone.code())
    await examine(page, pictures / f"two-factor-on-{look}.png", wait_for="#two-factor .devices li")
    await page.locator("#two-factor .danger").click()
    await examine(page, pictures / f"two-factor-off-{look}.png", wait_for="dialog", full=False)


@SIZES
@LOOKS
async def test_the_enrolment(
    visitors: Visitors, open_server: LiveServer, pictures: Path, viewport: ViewportSize, scheme: Scheme, locale: str
) -> None:
    """The proof by password, the picture, the recovery codes; then the proof by passkey or code."""
    look = f"{viewport['width']}-{scheme}-{locale[:2]}"
    visitor = await visitors.arrive(
        viewport=viewport, scheme=scheme, locale=locale, url=open_server.url, expected=("403",)
    )
    page = await visitor.open("/register")
    await Authenticator.plug_in(page)
    await give_password(page, f"enrol-{look}@example.com")
    await expect(page.locator("#two-factor .button")).to_be_visible()
    await proof_is_old(page)
    await page.locator("#two-factor .button").click()
    await page.locator("dialog [name=password]").fill(PASSWORD)
    await page.locator("dialog [type=submit]").click()
    phone = await enrol(page, pictures, look, page_name="enrolment")
    await page.locator("[name=saved]").check()
    await page.locator("#two-factor [type=submit]").click()
    await expect(page.locator("#two-factor .news")).to_be_visible()
    await proof_is_old(page)
    await page.locator(".offer .primary").click()
    await examine(page, pictures / f"proof-by-code-{look}.png", wait_for="dialog [name=code]", full=False)
    await page.locator("dialog [name=code]").fill(phone.code())
    await expect(page.locator(".first .news")).to_be_visible()
    await proof_is_old(page)
    await page.locator("#two-factor .button").first.click()
    await examine(page, pictures / f"proof-by-either-{look}.png", wait_for="dialog .or", full=False)


@SIZES
@LOOKS
async def test_the_required_factor(
    visitors: Visitors, strict_server: LiveServer, pictures: Path, viewport: ViewportSize, scheme: Scheme, locale: str
) -> None:
    """The choice, the picture and the recovery codes before the account opens; the passkey first at the next time."""
    look = f"{viewport['width']}-{scheme}-{locale[:2]}"
    email = f"required-{look}@example.com"
    visitor = await visitors.arrive(
        viewport=viewport, scheme=scheme, locale=locale, url=strict_server.url, expected=("401",)
    )
    page = await visitor.open("/register")
    authenticator = await Authenticator.plug_in(page)
    await give_password(page, email)
    await examine(page, pictures / f"required-{look}.png", wait_for=".link")
    await page.locator(".button.plain").click()
    await enrol(page, pictures, look, page_name="required-app")
    await page.locator("[name=saved]").check()
    await page.locator("[type=submit]").click()
    await page.locator(".offer .primary").click()
    await expect(page.locator(".first .news")).to_be_visible()
    await authenticator.present(False)
    await page.get_by_role("banner").get_by_role("button").click()
    await give_password(page, email)
    await examine(page, pictures / f"second-step-passkey-{look}.png", wait_for="[name=code]")


async def give_password(page: Page, email: str) -> None:
    await page.locator("[name=email]").fill(email)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[type=submit]").click()


async def enrol(page: Page, pictures: Path, look: str, *, page_name: str) -> Phone:
    await examine(page, pictures / f"{page_name}-{look}.png", wait_for=".qr")
    phone = await scanned(page.get_by_role("main"))
    await page.locator("[name=code]").fill(phone.code())
    await examine(page, pictures / f"{page_name}-codes-{look}.png", wait_for=".codes")
    return phone
