"""The form from an e-mail address to a shop that sells, walked as its users walk it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from controller.i18n import translator
from tests.control_plane import ControlPlane

pytestmark = pytest.mark.browser

Picture = Callable[[Page, str], None]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Who walks, and what the pages are to make of it."""

    locale: str
    lang: str
    direction: str
    country: str
    shop: str
    slug: str


ENGLISH = Walk(
    locale="en-GB",
    lang="en",
    direction="ltr",
    country="GB",
    shop="The Tea House",
    slug="the-tea-house",
)
ARABIC = Walk(
    locale="ar-AE", lang="ar", direction="rtl", country="AE", shop="بيت الشاي", slug="sara"
)


def sign_in(plane: ControlPlane, page: Page, email: str) -> None:
    """From the start page to the shop's form, with the code from the outbox."""
    page.goto(plane.url)
    page.fill("#email", email)
    page.press("#email", "Enter")
    code = page.locator("#code")
    expect(code).to_be_visible()
    code.fill(code_for(plane, page, email))
    page.press("#code", "Enter")
    expect(page.locator("#shop")).to_be_visible()


def code_for(plane: ControlPlane, page: Page, email: str) -> str:
    """The newest code that the outbox shows for an address."""
    outbox = page.context.new_page()
    outbox.goto(f"{plane.url}/outbox")
    mail = outbox.locator("article", has_text=email).first
    found = re.search(r"\b\d{6}\b", mail.inner_text())
    outbox.close()
    assert found
    return found[0]


@pytest.mark.parametrize("walk", [ENGLISH, ARABIC], ids=lambda walk: walk.lang)
def test_an_owner_walks_from_an_address_to_a_live_shop(
    control_plane: ControlPlane, visit: Any, picture: Picture, walk: Walk
) -> None:
    say = translator(walk.lang).gettext
    with visit(locale=walk.locale) as page:
        page.goto(control_plane.url)
        root = page.locator("html")
        expect(root).to_have_attribute("lang", walk.lang)
        expect(root).to_have_attribute("dir", walk.direction)
        expect(page.get_by_role("heading", level=1)).to_have_text(
            say("Open your online shop today")
        )
        picture(page, f"start-{walk.lang}")
        sign_in(control_plane, page, f"sara@{walk.lang}.example.com")

        expect(page.locator("#country")).to_have_value(walk.country)
        page.locator("#shop").press_sequentially(walk.shop, delay=10)
        expect(page.locator("#name")).to_have_value(walk.slug)
        expect(page.locator("#name-status .fine")).to_be_visible()
        picture(page, f"onboarding-{walk.lang}")
        page.click("#open")

        open_now = page.locator(".now.good")
        expect(open_now).to_be_visible()
        expect(open_now).to_contain_text(say("Your shop is open."))
        assert page.url.endswith(f"/shops/{walk.slug}")
        expect(root).to_have_attribute("dir", walk.direction)
        picture(page, f"shop-{walk.lang}")

        with page.expect_popup() as opening:
            page.click(f"form[action='/shops/{walk.slug}/administration'] button")
        administration = opening.value
        administration.wait_for_url(re.compile("/admin"))
        administration.close()

        page.goto(page.locator(".address a").get_attribute("href"))
        expect(page.locator("html")).to_have_attribute("dir", walk.direction)
        expect(page.locator("body")).to_contain_text(walk.shop)


def test_names_are_checked_while_they_are_typed(control_plane: ControlPlane, visit: Any) -> None:
    with visit(locale="en-GB") as page:
        sign_in(control_plane, page, "typist@example.com")
        # Before the scripts are there nobody listens to what is typed.
        page.wait_for_load_state("load")
        page.fill("#name", "admin")
        status = page.locator("#name-status")
        expect(status).to_contain_text("kept for the platform itself")
        page.locator(".pick").first.click()
        expect(page.locator("#name")).to_have_value("my-admin")
        expect(status).to_contain_text("my-admin is free")
        page.select_option("#country", "JP")
        expect(page.locator("#sets")).to_contain_text("Japanese Yen")


def test_without_scripts_the_same_way_works(control_plane: ControlPlane, visit: Any) -> None:
    with visit(locale="en-GB", java_script_enabled=False) as page:
        sign_in(control_plane, page, "plain@example.com")
        page.fill("#shop", "Plain Goods")
        page.click("button[name=check]")
        expect(page.locator("#name-status .fine")).to_contain_text("plain-goods")
        page.click("#open")
        # The page refreshes itself until the shop is open.
        expect(page.locator(".now.good")).to_be_visible()
        page.click("form[action$='/pause'] button")
        expect(page.locator("form[action$='/open']")).to_be_visible()
        page.click("a[href$='/close']")
        page.click("form[action$='/close'] button")
        expect(page.locator("form[action$='/restore']")).to_be_visible()


def test_pages_fit_a_phone_in_both_directions(control_plane: ControlPlane, visit: Any) -> None:
    for locale in ("en-GB", "ar-AE"):
        with visit(locale=locale) as page:
            page.set_viewport_size({"width": 360, "height": 740})
            sign_in(control_plane, page, f"phone@{locale.lower()}.example.com")
            paths = ("/", "/code", "/new", "/shops", "/outbox", "/api/v1/docs")
            for path in (*paths, f"/operator?token={control_plane.token}"):
                page.goto(control_plane.url + path)
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= 360, (locale, path)


def test_the_operator_watches_the_fleet_live(
    control_plane: ControlPlane, visit: Any, picture: Picture
) -> None:
    for name, country in (("bakery", "AT"), ("books", "DE"), ("surf", "US"), ("spices", "IN")):
        control_plane.finish(
            control_plane.create(name, country=country, email=f"{name}@example.com")
        )
    control_plane.finish(control_plane.call("POST", "/stores/books/suspend"))
    with visit(locale="en-GB") as page:
        page.goto(f"{control_plane.url}/operator?token={control_plane.token}")
        assert page.url == f"{control_plane.url}/operator"
        expect(page.locator(".counts")).to_contain_text("Paused")
        total = page.locator(".counts .figure").first
        before = int(total.inner_text())
        control_plane.finish(control_plane.create("tools", country="GB"))
        expect(total).to_have_text(str(before + 1))
        page.reload()
        picture(page, "operator")

        page.goto(f"{control_plane.url}/operator/stores/bakery")
        expect(page.locator(".events")).to_contain_text("Done in")
        expect(page.locator(".verdict")).to_contain_text("Nothing is wrong: it takes orders.")
        page.click("a[href$='/confirm?to=suspend']")
        page.click("form[action$='/suspend'] button")
        expect(page.locator("form[action$='/resume']")).to_be_visible()
        picture(page, "operator-store")
        page.goto(f"{control_plane.url}/operator/clusters")
        expect(page.locator("table")).to_contain_text("storectl cluster add")
