"""Every page, in every size and scheme: no complaint from the browser or from axe, and a picture for people."""

from pathlib import Path

import pytest
from playwright.async_api import ViewportSize, expect

from tests.e2e.appearance import SCHEMES, SIZES, examine
from tests.e2e.browsing import DEMO_EMAIL, DEMO_PASSWORD, PHONE, Scheme, Visitors, section


@SIZES
@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "en-US"), ("light", "ko-KR")])
async def test_pages_for_people_not_signed_in(
    visitors: Visitors, pictures: Path, viewport: ViewportSize, scheme: Scheme, locale: str
) -> None:
    """Sign-in, registration and confirmation, with their errors shown, fit the screen and pass axe."""
    visitor = await visitors.arrive(viewport=viewport, scheme=scheme, locale=locale, expected=("401",))
    look = f"{viewport['width']}-{scheme}-{locale[:2]}"
    page = await visitor.open("/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await examine(page, pictures / f"login-{look}.png")
    await page.locator("[name=email]").fill("nobody@example.com")
    await page.locator("[name=password]").fill("not the password")
    await page.locator("[type=submit]").click()
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await examine(page, pictures / f"login-refused-{look}.png")
    await page.goto(f"{visitor.url}/register")
    await page.locator("[type=submit]").click()
    await expect(page.locator(".error").first).to_be_visible()
    await examine(page, pictures / f"register-{look}.png")
    await page.goto(f"{visitor.url}/verify-email")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await examine(page, pictures / f"verify-without-link-{look}.png")
    await page.goto(f"{visitor.url}/verify-email#token=x")
    await expect(page.locator("[type=submit]")).to_be_visible()
    await examine(page, pictures / f"verify-{look}.png")


@SIZES
@SCHEMES
async def test_the_account_page(visitors: Visitors, pictures: Path, viewport: ViewportSize, scheme: Scheme) -> None:
    """The account, its form open, its data loaded and its dialogs, fit the screen and pass axe."""
    visitor = await visitors.arrive(viewport=viewport, scheme=scheme)
    look = f"{viewport['width']}-{scheme}-en"
    page = await visitor.sign_in()
    devices = section(page, "Devices")
    await expect(devices.get_by_text("This device")).to_be_visible()
    others = devices.get_by_role("button", name="Sign out other devices")
    if await others.is_visible():
        await others.click()
        await expect(others).to_be_hidden()
    phone = await visitors.arrive(viewport=PHONE)
    await phone.sign_in()
    await page.reload()
    await expect(devices.get_by_role("listitem")).to_have_count(2)
    await section(page, "Sample data").get_by_role("button").click()
    await expect(section(page, "Sample data").locator("pre")).to_be_visible()
    await examine(page, pictures / f"account-{look}.png")
    await section(page, "Profile").get_by_role("button", name="Edit name").click()
    await devices.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await examine(page, pictures / f"dialog-{look}.png", full=False)


@SIZES
async def test_the_account_page_in_korean(visitors: Visitors, pictures: Path, viewport: ViewportSize) -> None:
    """The longer or shorter words of another language fit as well."""
    visitor = await visitors.arrive(viewport=viewport, locale="ko-KR")
    page = await visitor.open("/")
    await page.locator("[name=email]").fill(DEMO_EMAIL)
    await page.locator("[name=password]").fill(DEMO_PASSWORD)
    await page.locator("[type=submit]").click()
    await expect(section(page, "기기").get_by_text("이 기기")).to_be_visible()
    await examine(page, pictures / f"account-{viewport['width']}-light-ko.png")


@SCHEMES
async def test_the_api_documentation(visitors: Visitors, pictures: Path, scheme: Scheme) -> None:
    """The page shows the operations, without a complaint of the content security policy."""
    page = await (await visitors.arrive(scheme=scheme)).open("/schema")
    await expect(page.get_by_text("/auth/login", exact=True).first).to_be_visible()
    await page.screenshot(path=pictures / f"schema-1280-{scheme}.png")


async def test_a_page_holds_no_inline_script_or_style(visitors: Visitors) -> None:
    """What the content security policy would refuse is not there to begin with."""
    page = await (await visitors.arrive()).sign_in()
    assert await page.locator("script:not([src]), style, [style], [onclick], [onload]").count() == 0


async def test_targets_on_a_phone_are_large_enough(visitors: Visitors) -> None:
    """Buttons and inputs are at least 44 px high, and nothing makes the page scroll sideways."""
    page = await (await visitors.arrive(viewport=PHONE)).sign_in()
    await expect(section(page, "Devices").get_by_text("This device")).to_be_visible()
    small = await page.locator("button, input:not([hidden])").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 42).map(one => one.outerHTML)"
    )
    assert small == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
