"""Signing in through the browser."""

import re

from playwright.async_api import Page, expect

from tests.e2e.browsing import DEMO_EMAIL, DEMO_PASSWORD, Visitors, fill_credentials, heading, password_field, section


async def test_the_demo_user_signs_in(visitors: Visitors) -> None:
    """The account page shows who one is, this device first, and what a guarded route answers."""
    page = await (await visitors.arrive()).sign_in()
    await expect(page).to_have_url(re.compile(r"/account$"))
    await expect(section(page, "Profile").get_by_text(DEMO_EMAIL)).to_be_visible()
    first = section(page, "Devices").get_by_role("listitem").first
    await expect(first).to_contain_text("This device")
    await expect(first).to_contain_text("Chrome")
    await section(page, "Sample data").get_by_role("button").click()
    await expect(section(page, "Sample data").locator("pre")).to_contain_text("message")


async def test_a_wrong_password_is_told_calmly(visitors: Visitors) -> None:
    """The problem is announced, the address stays, and the focus is where the next attempt begins."""
    page = await (await visitors.arrive(expected=("401",))).open("/")
    await fill_credentials(page, "nobody@example.com", "not the password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("The email address or the password is not right.")
    await expect(page.get_by_label("Email")).to_have_value("nobody@example.com")
    await expect(password_field(page)).to_be_focused()


async def test_an_empty_form_is_not_sent(visitors: Visitors) -> None:
    """Each empty field says so, read out with it, and the first has the focus."""
    page = await (await visitors.arrive()).open("/")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    for field in (page.get_by_label("Email"), password_field(page)):
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description("Please fill in this field.")
    await expect(page.get_by_label("Email")).to_be_focused()


async def test_a_reload_keeps_the_session(visitors: Visitors) -> None:
    """The access token is gone with the page; the refresh cookie brings the next one."""
    visitor = await visitors.arrive()
    page = await visitor.sign_in()
    await page.reload()
    await expect(heading(page, "Your account")).to_be_visible()
    again = await visitor.open("/")
    await expect(heading(again, "Your account")).to_be_visible()


async def test_nobody_signed_in_is_sent_to_the_first_page(visitors: Visitors) -> None:
    """The account page asks for a sign-in, without one request that is bound to be refused."""
    visitor = await visitors.arrive()
    page = await visitor.context.new_page()
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    await page.goto(f"{visitor.url}/account")
    await expect(heading(page, "Sign in")).to_be_visible()
    own = [url.removeprefix(visitor.url) for url in calls if "/auth/" in url]
    assert set(own) <= {"/auth/passkeys/authentication/options"}  # what autofill begins with, for anybody


async def test_tokens_are_in_no_storage(visitors: Visitors) -> None:
    """No script-readable place holds a token: not storage, not cookies, not the history."""
    page = await (await visitors.arrive()).sign_in()
    token = await _access_token(page)
    readable = await page.evaluate(
        """async () => JSON.stringify([
            {...localStorage}, {...sessionStorage}, document.cookie, history.state, location.href, window.name,
            await indexedDB.databases(), await caches.keys(), Object.keys(window),
        ])"""
    )
    assert token not in readable
    assert "eyJ" not in readable
    cookies = await page.context.cookies()
    assert {cookie["name"]: (cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies}["refresh"] == (
        True,
        "Strict",
    )


async def test_the_keyboard_alone_signs_in_and_out(visitors: Visitors) -> None:
    """Tab, type, Enter; the focus lands on each new page's heading."""
    page = await (await visitors.arrive()).open("/")
    await expect(heading(page, "Sign in")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.type(DEMO_EMAIL)
    await page.keyboard.press("Tab")
    await page.keyboard.type(DEMO_PASSWORD)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Show password")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("textbox", name="Password")).to_have_attribute("type", "text")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(heading(page, "Your account")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(heading(page, "Sign in")).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="You are signed out.")).to_be_visible()


async def test_korean_for_a_korean_browser(visitors: Visitors) -> None:
    """The browser's language decides, the page says so to screen readers, problems included."""
    page = await (await visitors.arrive(locale="ko-KR", expected=("401",))).open("/")
    await expect(heading(page, "로그인")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "ko"
    await page.get_by_label("이메일").fill("nobody@example.com")
    await page.get_by_role("textbox", name="비밀번호").fill("틀린 비밀번호")
    await page.get_by_role("button", name="로그인", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("이메일 주소 또는 비밀번호가 올바르지 않습니다.")


async def _access_token(page: Page) -> str:
    """The token the page holds, as the next guarded request carries it."""
    async with page.expect_request("**/api/data") as caught:
        await section(page, "Sample data").get_by_role("button").click()
    headers = await (await caught.value).all_headers()
    return headers["authorization"].removeprefix("Bearer ")
