"""`shop web` with nginx itself: an open shop lets everybody in, a closed one says so kindly.

PHP is a stand-in (fpm.py); the scripts and the configuration are the image's, in another place.
"""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from sandbox.texts import Texts

IMAGE = Path(__file__).resolve().parents[2] / "images/magento"
FPM = Path(__file__).parent / "fpm.py"
PAGE = "text/html"
PHP = "text/plain"


@dataclass(frozen=True, kw_only=True)
class Web:
    """A web server that runs as the image's entry point starts it."""

    port: int
    probes: int

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, Message, str]:
        """Give status, headers and text of the answer."""
        return self._ask(self.port, path, method, body, headers)

    def probe(self, path: str) -> tuple[int, str]:
        """Ask as the kubelet does; give status and text."""
        status, _, text = self._ask(self.probes, path, "GET", None, {})
        return status, text

    def _ask(
        self, port: int, path: str, method: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Message, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def laid_out(
    place: Path, port: int, probes: int, pools: Sequence[str] = ("fpm", "probes")
) -> dict[str, str]:
    """Put the image's files into a place of the test's own; give the environment."""
    shop, etc, programs = place / "magento", place / "shop", place / "bin"
    (shop / "var").mkdir(parents=True)
    (shop / "pub/static").mkdir(parents=True)
    (shop / "pub/static/admin.css").write_text("body {}")
    (etc / "hosts").mkdir(parents=True)
    (etc / "hosts/one.map").write_text("us.example.com us;\n")
    shutil.copytree(IMAGE / "bin", place / "lib")
    shutil.copytree(IMAGE / "etc", etc, dirs_exist_ok=True)
    for path in (place / "lib/web", place / "lib/common.sh", *etc.glob("*.conf")):
        text = path.read_text().replace("/magento", str(shop)).replace("/etc/shop", str(etc))
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}")
        text = text.replace("127.0.0.1/8080", f"127.0.0.1/{port}")
        path.write_text(text.replace("listen 8082", f"listen 127.0.0.1:{probes}"))
    if os.geteuid() == 0:
        # nginx would leave root for a user who cannot read what is here.
        text = (etc / "nginx.conf").read_text()
        (etc / "nginx.conf").write_text(f"user root;\n{text}")
    programs.mkdir()
    sockets = [f"{shop}/var/run/{pool}.sock" for pool in pools]
    stand_ins = {
        "php": "exit 0",
        "php-fpm": f"exec {sys.executable} {FPM} {' '.join(sockets)}",
    }
    for name, script in stand_ins.items():
        (programs / name).write_text(f"#!/bin/bash\n{script}\n")
        (programs / name).chmod(0o755)
    return {"PATH": f"{programs}:/usr/sbin:/usr/bin:/bin"}


@contextmanager
def serving(place: Path, pools: Sequence[str] = ("fpm", "probes"), **said: str) -> Iterator[Web]:
    """Run the entry point until the end of the block, and see it end of itself."""
    web = Web(port=free_port(), probes=free_port())
    environment = laid_out(place, web.port, web.probes, pools) | said
    with (place / "log").open("w") as log:
        entry = subprocess.Popen([place / "lib/web"], env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 20
            while not alive(web):
                assert entry.poll() is None, (place / "log").read_text()
                assert time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.05)
            yield web
        finally:
            entry.send_signal(signal.SIGTERM)
            assert entry.wait(timeout=20) == 0, (place / "log").read_text()


def alive(web: Web) -> bool:
    try:
        return web.probe("/-/live")[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("open")) as web:
        yield web


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    said = {"SHOP_STOREFRONT": "closed", "SHOP_ADMIN_PATH": "office"}
    with serving(tmp_path_factory.mktemp("closed"), **said) as web:
        yield web


SHOPPERS = [
    "/",
    "/?utm_source=mail",
    "/mug.html",
    "/checkout/cart/",
    "/index.php",
    "/index.php/mug.html",
    "/graphql",
    "/restaurant",
    "/officers",
    "/admin",
    "/shop/%2e%2e/rest/V1/x",
    "/de/rest/V1/x",
]
OTHERS = [
    "/rest/all/V1/storecontroller/ready",
    "/rest/V1/orders?searchCriteria[pageSize]=1",
    "/health_check.php",
    "/office",
    "/office/",
    "/office/sales/order/?page=2",
    "/media/catalog/product/cache/mug.jpg",
]


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("path", [*SHOPPERS, *OTHERS])
def test_an_open_shop_lets_everybody_in(path: str, opened: Web) -> None:
    status, headers, text = opened.ask(path)
    assert (status, headers.get_content_type()) == (200, PHP)
    assert text == f"PHP {path}"


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("host", ["127.0.0.1", "us.example.com"])
@pytest.mark.parametrize("path", SHOPPERS)
def test_a_closed_shop_says_so_whatever_a_shopper_asks_for(
    path: str, host: str, closed: Web
) -> None:
    status, headers, text = closed.ask(path, Host=host)
    assert (status, headers.get_content_type()) == (503, PAGE)
    assert "Closed for the moment" in text
    assert headers["Retry-After"] == "600"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Vary"] == "Accept-Language"


@pytest.mark.needs("nginx")
@pytest.mark.parametrize(("host", "site"), [("us.example.com", "us\n"), ("127.0.0.1", "\n")])
def test_the_web_server_says_which_website_a_host_gets(host: str, site: str, closed: Web) -> None:
    status, headers, text = closed.ask("/-/site", Host=host)
    assert (status, headers.get_content_type(), text) == (200, "text/plain", site)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Shop-Storefront"] == "closed"


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("path", OTHERS)
def test_a_closed_shop_lets_in_who_works_there(path: str, closed: Web) -> None:
    status, _, text = closed.ask(path)
    assert (status, text) == (200, f"PHP {path}")


@pytest.mark.needs("nginx")
def test_a_closed_shop_s_administration_has_its_styles(closed: Web) -> None:
    assert closed.ask("/static/version1/admin.css")[::2] == (200, "body {}")


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS"])
def test_a_form_that_was_open_learns_that_the_shop_is_closed(method: str, closed: Web) -> None:
    body = b"x" * 100_000 if method in {"POST", "PUT"} else None
    status, headers, text = closed.ask("/checkout/cart/add/", method, body)
    assert (status, headers["Retry-After"]) == (503, "600")
    assert bool(text) == (method != "HEAD")


@pytest.mark.needs("nginx")
def test_nobody_opens_the_page_itself(opened: Web, closed: Web) -> None:
    assert opened.ask("/-/closed")[0] == 404
    assert "Closed for the moment" not in opened.ask("/-/closed")[2]
    assert closed.ask("/-/closed")[0] == 404


@pytest.mark.needs("nginx")
@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR,fr;q=0.9,es;q=0.8,en;q=0.7", "es"),
        ("en;q=0.5, de", "de"),
        ("en;q=0.2, ar;q=0.7", "ar"),
        ("AR-eg", "AR"),
        ("de;q=0, es;q=0.1", "es"),
        ("de;q=1.0", "de"),
        ("eng, art, fr", "en"),
        ("fr, *;q=0.1", "en"),
        ('"><script>de', "en"),
    ],
)
def test_the_page_is_in_the_visitor_s_language(
    accepted: str | None, language: str, closed: Web
) -> None:
    headers = {} if accepted is None else {"Accept_Language": accepted}
    _, answered, text = closed.ask("/", **headers)
    texts = Texts(language)
    assert answered["Content-Language"] == language
    assert f'<html lang="{language}" dir="{texts.direction}">' in text
    assert f"<h1>{texts.say('Closed for the moment')}</h1>" in text
    said = texts.say("The shop is taking a short break. Please come back soon.")
    assert f"<p>{said}</p>" in text
    assert "<!--#" not in text


@pytest.mark.needs("nginx")
def test_the_page_needs_nothing_from_anywhere(closed: Web) -> None:
    text = closed.ask("/")[2]
    assert re.findall(r"(?:src|href|url\()=?\s*[\"']?([^\"'>]*)", text) == ["data:,"]
    assert "default-src 'none'" in closed.ask("/")[1]["Content-Security-Policy"]


@pytest.mark.needs("nginx")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_STOREFRONT", "shut"),
        ("SHOP_STOREFRONT", "closed;"),
        ("SHOP_ADMIN_PATH", "admin/x"),
        ("SHOP_ADMIN_PATH", "x)|(.*"),
        ("SHOP_CACHE_PREFIX", "s1; }"),
    ],
)
def test_what_would_be_no_configuration_is_refused(name: str, value: str, tmp_path: Path) -> None:
    environment = laid_out(tmp_path, free_port(), free_port()) | {name: value}
    done = subprocess.run(
        [tmp_path / "lib/web"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"{name} is {value}" in done.stderr


@pytest.mark.needs("nginx")
def test_the_kubelet_s_door_answers_the_probes_and_nothing_else(opened: Web) -> None:
    for path in ("/-/live", "/health_check.php", "/rest/all/V1/storecontroller/ready"):
        assert opened.probe(path) == (200, f"PHP {path}")
    for path in ("/", "/index.php", "/rest/V1/orders", "/admin", "/static/admin.css"):
        assert opened.probe(path)[0] == 404


@pytest.mark.needs("nginx")
def test_a_shop_has_started_when_it_has_answered_its_first_pages(tmp_path: Path) -> None:
    with serving(tmp_path, FPM_DELAY="1") as web:
        deadline = time.monotonic() + 20
        while web.probe("/-/started")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        asked = re.findall("asked for (.*)", (tmp_path / "log").read_text())
    assert {
        "/",
        "/customer/account/login/",
        "/catalogsearch/result/?q=a",
        "/checkout/cart/",
        "/customer/section/load/",
        "/rest/V1/storecontroller/ready",
    } <= set(asked)


@pytest.mark.needs("nginx")
def test_page_caches_are_told_which_release_a_page_is_of(tmp_path: Path) -> None:
    with serving(tmp_path, SHOP_CACHE_PREFIX="s12ab_") as web:
        assert web.ask("/mug.html")[1]["X-Shop-Release"] == "s12ab_"


@pytest.mark.needs("nginx")
def test_a_busy_shop_asks_visitors_to_come_back_and_is_neither_dead_nor_absent(
    tmp_path: Path,
) -> None:
    # What nginx meets when the queue of PHP is full: the visitors' pool takes nobody.
    with serving(tmp_path, pools=("probes",)) as web:
        status, headers, text = web.ask("/mug.html", Accept_Language="de")
        assert (status, headers["Retry-After"]) == (503, "5")
        assert headers["Cache-Control"] == "no-store"
        assert "<h1>Einen Moment, bitte</h1>" in text
        assert web.probe("/-/live")[0] == 200
        assert web.probe("/rest/all/V1/storecontroller/ready")[0] == 200


@pytest.mark.browser
@pytest.mark.needs("nginx")
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read(
    language: str, scheme: str, closed: Web, chromium_path: str, chromium_arguments: list[str]
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=chromium_arguments)
        page = browser.new_page(
            locale=language,
            viewport={"width": 320, "height": 568},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        answer = page.goto(f"http://127.0.0.1:{closed.port}/")
        assert answer is not None
        assert answer.status == 503
        assert len([url for url in asked if not url.startswith("data:")]) == 1
        assert complaints == []
        assert page.get_by_role("main").get_by_role("heading", level=1).is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        direction = page.evaluate("getComputedStyle(document.body).direction")
        assert direction == ("rtl" if language == "ar" else "ltr")
        browser.close()
