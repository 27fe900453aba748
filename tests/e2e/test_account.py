"""An account's life in the browser: made, changed, deleted."""

import re

from playwright.async_api import expect

from tests.e2e.browsing import Visitors, fill_credentials, heading, password_field, section
from tests.support.live_server import LiveServer

PASSWORD = "plum-lantern-orbit-seven"
NEW_PASSWORD = "gravel teacup monsoon nine"


async def test_registering_with_a_mailed_link(visitors: Visitors, server: LiveServer) -> None:
    """The link's token leaves the address bar at once, and is used at the press of the button, not before."""
    email = "link@example.com"
    visitor = await visitors.arrive(expected=("403", "400"))
    page = await visitor.open("/register")
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_label("Name").fill("Link Reader")
    await page.get_by_role("button", name="Create account").click()
    await expect(heading(page, "Check your mail")).to_be_focused()
    await expect(page.get_by_text(email)).to_be_visible()

    await page.goto(f"{visitor.url}/")
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("not confirmed yet")

    token = server.link_token("/verify-email")
    calls: list[str] = []
    page.on("request", lambda request: calls.append(f"{request.url} {request.post_data or ''}"))
    await page.goto(f"{visitor.url}/verify-email#token={token}")
    await expect(heading(page, "Confirm your email address")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/verify-email$"))
    assert [call for call in calls if token in call] == []
    await page.get_by_role("button", name="Confirm address").click()
    await expect(heading(page, "Address confirmed")).to_be_visible()

    await page.get_by_role("link", name="Go to sign-in").click()
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(section(page, "Profile").get_by_text("Link Reader")).to_be_visible()

    await page.goto(f"{visitor.url}/verify-email#token={token}")
    await page.get_by_role("button", name="Confirm address").click()
    await expect(page.get_by_role("alert")).to_contain_text("This link is no longer valid.")


async def test_a_second_link_in_the_same_tab(visitors: Visitors) -> None:
    """Only the fragment changes then, and no page is loaded; without any link the page says what to do."""
    page = await (await visitors.arrive()).open("/verify-email")
    await expect(heading(page, "Open the link from your mail")).to_be_visible()
    await page.evaluate("location.hash = '#token=another'")
    await expect(page.get_by_role("button", name="Confirm address")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/verify-email$"))


async def test_a_refused_password_says_why(visitors: Visitors) -> None:
    """The reason stands at the field, in the page's own words."""
    page = await (await visitors.arrive(expected=("400",))).open("/register")
    for password, reason in (("short one", "too short"), ("password123password123", "easy to guess|common")):
        await fill_credentials(page, "refused@example.com", password)
        await page.get_by_role("button", name="Create account").click()
        await expect(password_field(page)).to_have_accessible_description(re.compile(reason))
        await expect(password_field(page)).to_be_focused()


async def test_an_account_from_registration_to_deletion(visitors: Visitors, open_server: LiveServer) -> None:
    """Where no verification is required: join, rename, change the password, delete after proving it is you."""
    email = "whole-life@example.com"
    visitor = await visitors.arrive(url=open_server.url, expected=("403", "401", "409"))
    page = await visitor.open("/register")
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    profile = section(page, "Profile")
    await expect(profile.get_by_text("Not confirmed")).to_be_visible()

    await profile.get_by_role("button", name="Edit name").click()
    await profile.get_by_label("Name").fill("Ada")
    await profile.get_by_role("button", name="Save").click()
    await expect(profile.get_by_role("status").filter(has_text="Name saved.")).to_be_visible()
    await expect(profile.get_by_text("Ada")).to_be_visible()
    await expect(profile.get_by_role("button", name="Edit name")).to_be_focused()

    other = await (await visitors.arrive(url=open_server.url, expected=("401",))).sign_in(email, PASSWORD)
    form = section(page, "Password")
    await form.get_by_role("textbox", name="Current password").fill("not this one")
    await form.get_by_role("textbox", name="New password").fill(NEW_PASSWORD)
    await form.get_by_role("button", name="Change password").click()
    current = form.get_by_role("textbox", name="Current password")
    await expect(current).to_have_accessible_description("The current password is not right.")
    await current.fill(PASSWORD)
    await form.get_by_role("button", name="Change password").click()
    await expect(form.get_by_role("status").filter(has_text="Password changed.")).to_be_visible()
    await section(other, "Sample data").get_by_role("button").click()
    await expect(heading(other, "Sign in")).to_be_visible()

    await section(page, "Delete account").get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    await dialog.get_by_role("textbox", name="Password").fill(NEW_PASSWORD)
    await dialog.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_text("Your account and its data are deleted.")).to_be_visible()
    await fill_credentials(page, email, NEW_PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("not right")


async def test_a_taken_address_is_told_where_that_is_no_secret(visitors: Visitors, open_server: LiveServer) -> None:
    """In `optional` mode the answer is 409, and the form says so at the address."""
    page = await (await visitors.arrive(url=open_server.url, expected=("409",))).open("/register")
    await fill_credentials(page, "user@example.com", PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_label("Email")).to_have_accessible_description(re.compile("already an account"))


async def test_a_dialog_closes_with_escape_and_gives_the_focus_back(visitors: Visitors) -> None:
    """Nothing happens without the second press."""
    page = await (await visitors.arrive()).sign_in()
    opener = section(page, "Delete account").get_by_role("button")
    await opener.click()
    await expect(page.get_by_role("dialog", name="Delete your account?")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(opener).to_be_focused()
