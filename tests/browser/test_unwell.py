"""What pages say of a shop that hangs or lacks texts, and what is asked before one is closed."""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.test_onboarding import code_for, sign_in
from tests.control_plane import ControlPlane, until

Picture = Callable[[Page, str], None]


def status(plane: ControlPlane, name: str) -> Any:
    return plane.call("GET", f"/stores/{name}")["status"]


def test_the_console_asks_before_it_takes_a_shop_away_also_without_scripts(
    control_plane: ControlPlane, visit: Any, picture: Picture
) -> None:
    control_plane.finish(control_plane.create("closing"))
    with visit(locale="de-DE", java_script_enabled=False) as page:
        page.goto(f"{control_plane.url}/operator?token={control_plane.token}")
        page.goto(f"{control_plane.url}/operator/stores/closing")
        page.click("a[href$='/confirm?to=retire']")
        expect(page.locator("h1")).to_have_text("closing stilllegen?")
        picture(page, "operator-retire")
        page.click("a.button.second")
        assert status(control_plane, "closing")["phase"] == "Ready"
        page.click("a[href$='/confirm?to=retire']")
        page.click("form[action$='/retire'] button")
    until(lambda: status(control_plane, "closing")["phase"] == "Retired", "that it is retired")


def test_the_owner_of_a_shop_that_hangs_reads_that_it_does_not_answer(
    control_plane: ControlPlane, visit: Any, picture: Picture
) -> None:
    owner = "hung@example.com"
    control_plane.finish(control_plane.create("hung", email=owner))
    stack = control_plane.call("GET", "/stores/hung")["stack"]["uid"]
    (pid,) = [pid for pid, name in control_plane.shops().items() if name == stack]
    with visit(locale="de-DE") as page:
        page.goto(control_plane.url)
        page.fill("#email", owner)
        page.press("#email", "Enter")
        expect(page.locator("#code")).to_be_visible()
        page.fill("#code", code_for(control_plane, page, owner))
        page.press("#code", "Enter")
        expect(page.locator("ul.shops")).to_be_visible()
        page.goto(f"{control_plane.url}/shops/hung")
        expect(page.locator(".now.good")).to_be_visible()
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: status(control_plane, "hung")["phase"] == "Degraded", "it is noticed", 60)
            page.reload()
            card = page.locator(".now.warn")
            expect(card).to_be_visible()
            expect(card.locator("a.button:not(.second)")).to_have_count(0)
            picture(page, "owner-hung")
            until(lambda: pid not in control_plane.shops(), "it is ended", 90)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # The page follows by itself.
        expect(page.locator(".now.good")).to_be_visible(timeout=90_000)
        page.goto(f"{control_plane.url}/operator?token={control_plane.token}")
        expect(page.locator("#pulse, main").first).to_contain_text("hung")
        picture(page, "operator-hung")


def test_who_opens_a_shop_in_a_language_without_texts_is_told(
    control_plane: ControlPlane, visit: Any, picture: Picture
) -> None:
    with visit(locale="en-GB") as page:
        sign_in(control_plane, page, "tokyo@example.com")
        page.select_option("#country", "DE")
        expect(page.locator("#sets")).to_contain_text("German")
        expect(page.locator("#untold")).to_have_count(0)
        page.select_option("#country", "JP")
        expect(page.locator("#untold")).to_contain_text("Japanese")
        picture(page, "new-japan")
        page.fill("#shop", "Tokyo Tea")
        page.press("#shop", "Enter")
        expect(page.locator(".now.good")).to_be_visible(timeout=60_000)
        expect(page.locator(".now")).to_contain_text("no texts in: Japanese")
        picture(page, "owner-japan")
