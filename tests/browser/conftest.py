"""A real control plane and headless Chromium, for tests that look at pages as people do."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.control_plane import ControlPlane


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with ControlPlane(tmp_path_factory.mktemp("home")).running() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(chromium_path: str, chromium_arguments: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=chromium_arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Any:
    """Give a function that opens a browser of one's own and fails on anything in its console."""

    @contextmanager
    def opened(**options: Any) -> Iterator[Page]:
        context = chromium.new_context(viewport={"width": 1280, "height": 820}, **options)
        context.set_default_timeout(30_000)
        complaints: list[str] = []

        def watch(page: Page) -> None:
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda message: (
                    complaints.append(f"{message.text} {message.location}")
                    if message.type in {"error", "warning"}
                    else None
                ),
            )

        context.on("page", watch)
        yield context.new_page()
        context.close()
        assert complaints == []

    return opened


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Give a function that keeps a picture of a page where STORECTL_SCREENSHOTS says."""

    def take(page: Page, name: str) -> None:
        directory = os.environ.get("STORECTL_SCREENSHOTS")
        if directory:
            Path(directory).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(directory) / f"{name}.png", animations="disabled")

    return take
