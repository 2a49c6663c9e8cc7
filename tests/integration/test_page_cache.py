"""The chart's page cache in a real Varnish, in front of a server that answers as Magento does.

What Magento says of a page is from a running 2.4.7: `X-Magento-Tags`, `s-maxage`, the digest of a
visitor's group and currency in the cookie `X-Magento-Vary`, parts of pages as ESI.
"""

import http.client
import itertools
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.services.catalog import SERVICES

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "helm/magento/files/page-cache.vcl"
RELEASE = "s12ab_"
KEPT = {"Cache-Control": "max-age=86400, public, s-maxage=86400"}
PRIVATE = {"Cache-Control": "max-age=0, must-revalidate, no-cache, no-store"}

pytestmark = pytest.mark.needs("varnish")


@dataclass(kw_only=True)
class Shop:
    """What stands behind the cache: it counts what it is asked."""

    asked: list[tuple[str, str, Message]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    broken: bool = False
    release: str = RELEASE
    storefront: str = "open"
    server: ThreadingHTTPServer | None = None

    def answer(self, path: str, cookies: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of a page."""
        number = next(self.numbers)
        if self.broken:
            return 500, PRIVATE, "broken"
        pages: dict[str, Callable[[], tuple[int, dict[str, str], str]]] = {
            "/mug.html": lambda: (
                200,
                KEPT | {"X-Magento-Tags": "cat_p,cat_p_1,FPC"},
                f"mug {number}",
            ),
            "/tea.html": lambda: (
                200,
                KEPT | {"X-Magento-Tags": "cat_p,cat_p_12,FPC"},
                f"tea {number}",
            ),
            "/gone.html": lambda: (404, KEPT | {"X-Magento-Tags": "cms"}, f"gone {number}"),
            "/framed.html": lambda: (
                200,
                KEPT | {"X-Magento-Tags": "cms"},
                f'<main><esi:include src="/page_cache/block/esi/menu"/>frame {number}</main>',
            ),
            "/page_cache/block/esi/menu": lambda: (
                200,
                {"Cache-Control": "public, max-age=3600, s-maxage=3600", "X-Magento-Tags": "menu"},
                f"<nav>{number}</nav>",
            ),
            "/-/site": lambda: (200, {"X-Shop-Storefront": self.storefront}, "us"),
            "/rates": lambda: (200, {}, f"nothing said {number}"),
        }
        status, headers, text = pages.get(
            path.partition("?")[0], lambda: (200, PRIVATE, f"private {number}")
        )()
        return status, headers | {"X-Shop-Release": self.release}, text

    def pages_asked(self) -> list[str]:
        return [path for _, path, _ in self.asked if path != "/-/live"]


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shop: ClassVar[Shop]

    def handle_one(self) -> None:
        if self.path == "/-/live":
            status, headers, text = (503 if self.shop.broken else 200), {}, "alive"
        else:
            self.shop.asked.append((self.command, self.path, self.headers))
            status, headers, text = self.shop.answer(self.path, self.headers.get("Cookie", ""))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=UTF-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Set-Cookie", "PHPSESSID=a; path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = handle_one  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A running Varnish."""

    port: int
    purges: int

    def ask(
        self, path: str, method: str = "GET", *, port: int | None = None, **headers: str
    ) -> tuple[int, Message, str]:
        """Give status, headers and text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers={"Host": "acme.example.com", **named})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def text(self, path: str, **headers: str) -> str:
        return self.ask(path, **headers)[2]

    def forget(self, pattern: str) -> int:
        """Tell it what Magento tells it; give the status."""
        told = {"X_Magento_Tags_Pattern": pattern}
        return self.ask("/", "PURGE", port=self.purges, **told)[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def arguments(port: int, purges: int) -> list[str]:
    """The chart's own arguments of varnishd, at other ports and places."""
    template = (ROOT / "helm/magento/templates/page-cache.yaml").read_text()
    listed = re.search(r"args:\n((?: +(?:- .*|#.*)\n)+)", template)
    assert listed is not None
    found = re.findall(r"^ +- (.*)$", listed.group(1), re.MULTILINE)
    given = {"http=:8080,HTTP": f"http=127.0.0.1:{port},HTTP"}
    given |= {"purge=:8081,HTTP": f"purge=127.0.0.1:{purges},HTTP"}
    given |= {"malloc,{{ .Values.pageCache.memory }}": "malloc,16M"}
    return [given.get(argument, argument) for argument in found]


@pytest.fixture(scope="module")
def behind() -> Iterator[Shop]:
    """The one shop of all tests: the rules are compiled by a C compiler, which takes its time."""
    shop = Shop()
    handler = type("AnswerOfThisShop", (Answer,), {"shop": shop})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        shop.server = server
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield shop
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def opened(behind: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    yield from running(behind, tmp_path_factory.mktemp("open"))


@pytest.fixture(scope="module")
def closed(behind: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    yield from running(behind, tmp_path_factory.mktemp("closed"), closed="true")


@pytest.fixture(scope="module")
def resting(behind: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    yield from running(behind, tmp_path_factory.mktemp("resting"), rests="true")


@pytest.fixture
def shop(behind: Shop) -> Shop:
    """The shop, asked nothing yet and well."""
    behind.broken, behind.release, behind.storefront = False, RELEASE, "open"
    behind.asked.clear()
    return behind


@pytest.fixture
def cache(opened: Cache, shop: Shop) -> Cache:
    """An open shop's cache, with nothing in it."""
    assert opened.forget(".*") == 200
    return opened


@pytest.fixture
def closed_cache(closed: Cache, shop: Shop) -> Cache:
    return closed


def running(
    shop: Shop, place: Path, closed: str = "false", rests: str = "false"
) -> Iterator[Cache]:
    assert shop.server is not None
    told = {"WEB": "127.0.0.1", "ADMIN": "admin", "RELEASE": RELEASE}
    told |= {"CLOSED": closed, "RESTS": rests}
    rules = RULES.read_text().replace('.port = "80"', f'.port = "{shop.server.server_port}"')
    # A web server that is away is noticed in a test's time.
    assert ".interval = 1s" in rules
    rules = rules.replace(".interval = 1s", ".interval = 0.1s")
    for name, value in told.items():
        rules = rules.replace(f"@{name}@", value)
    (place / "page-cache.vcl").write_text(rules)
    given = {"/var/lib/varnish": str(place / "work")}
    given |= {"/etc/varnish/rules/page-cache.vcl": str(place / "page-cache.vcl")}
    cache = Cache(port=free_port(), purges=free_port())
    argv = [given.get(argument, argument) for argument in arguments(cache.port, cache.purges)]
    program = SERVICES["varnish"].find()
    with (place / "log").open("w") as log:
        process = subprocess.Popen([str(program), *argv], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 20
            while not answers(cache):
                assert process.poll() is None, (place / "log").read_text()
                assert time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.05)
            yield cache
        finally:
            process.terminate()
            process.wait(timeout=10)


def answers(cache: Cache) -> bool:
    try:
        return cache.ask("/-/page-cache")[0] == 200
    except OSError:
        return False


def test_a_page_is_asked_for_once_and_kept_for_everybody(cache: Cache, shop: Shop) -> None:
    first = cache.text("/mug.html")
    status, headers, again = cache.ask("/mug.html", Cookie="PHPSESSID=somebody; form_key=x")
    assert (status, again, headers["X-Cache"]) == (200, first, "HIT")
    assert shop.pages_asked() == ["/mug.html"]
    assert headers["Set-Cookie"] is None
    assert headers["X-Magento-Tags"] is None
    assert headers["X-Shop-Release"] is None
    assert "no-store" in headers["Cache-Control"]


def test_a_page_that_is_not_there_is_kept_too(cache: Cache, shop: Shop) -> None:
    assert cache.text("/gone.html") == cache.text("/gone.html")
    assert len(shop.pages_asked()) == 1


@pytest.mark.parametrize(
    "path", ["/rates", "/checkout/", "/customer/account/", "/admin/x", "/rest/V1/x"]
)
def test_what_is_private_or_not_said_to_be_kept_is_not(path: str, cache: Cache, shop: Shop) -> None:
    assert cache.text(path) != cache.text(path)
    assert cache.ask(path)[1]["Set-Cookie"] == "PHPSESSID=a; path=/"
    assert len(shop.pages_asked()) == 3


def test_what_a_form_sends_reaches_the_shop(cache: Cache, shop: Shop) -> None:
    cache.text("/mug.html")
    assert cache.ask("/mug.html", "POST")[1]["X-Cache"] == "PASS"
    assert [method for method, path, _ in shop.asked if path == "/mug.html"] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("pattern", "forgotten"),
    [
        ("((^|,)cat_p_1(,|$))", {"/mug.html"}),
        ("((^|,)cat_p(,|$))", {"/mug.html", "/tea.html"}),
        ("((^|,)cat_c_9(,|$))|((^|,)cat_p_12(,|$))", {"/tea.html"}),
        (".*", {"/mug.html", "/tea.html", "/gone.html"}),
        ("((^|,)nothing(,|$))", set()),
    ],
)
def test_what_magento_names_is_forgotten_and_nothing_else(
    pattern: str, forgotten: set[str], cache: Cache
) -> None:
    before = {path: cache.text(path) for path in ("/mug.html", "/tea.html", "/gone.html")}
    assert cache.forget(pattern) == 200
    assert {path for path, text in before.items() if cache.text(path) != text} == forgotten


def test_nobody_at_the_visitors_door_makes_it_forget(cache: Cache) -> None:
    first = cache.text("/mug.html")
    told = {"X_Magento_Tags_Pattern": ".*"}
    assert cache.ask("/", "PURGE", **told)[0] == 405
    assert cache.ask("/", "BAN", **told)[0] == 405
    assert cache.ask("/mug.html", port=cache.purges)[0] == 405
    assert cache.text("/mug.html") == first


def test_visitors_of_another_group_host_or_scheme_get_their_own_pages(cache: Cache) -> None:
    pages = [
        cache.text("/mug.html"),
        cache.text("/mug.html", Cookie="a=b; X-Magento-Vary=gold"),
        cache.text("/mug.html", Cookie="X-Magento-Vary=silver; a=b"),
        cache.text("/mug.html", Host="us.example.com"),
        cache.text("/mug.html", X_Forwarded_Proto="https"),
    ]
    assert len(set(pages)) == len(pages)
    assert cache.text("/mug.html", Cookie="X-Magento-Vary=gold") == pages[1]
    assert cache.text("/mug.html", Host="US.example.com") == pages[3]


@pytest.mark.parametrize(
    "query", ["?utm_source=mail&utm_campaign=x", "?gclid=1", "?fbclid=2&utm_medium=a", "?srsltid=9"]
)
def test_what_only_scripts_read_makes_no_other_page(query: str, cache: Cache, shop: Shop) -> None:
    first = cache.text("/mug.html")
    assert cache.text(f"/mug.html{query}") == first
    assert shop.pages_asked() == ["/mug.html"]


def test_what_shows_another_page_is_another_page_in_whatever_order(
    cache: Cache, shop: Shop
) -> None:
    first = cache.text("/mug.html?color=red&p=2&utm_source=x")
    assert cache.text("/mug.html?p=2&color=red") == first
    assert cache.text("/mug.html?color=red&p=3") != first
    assert shop.pages_asked()[0] == "/mug.html?color=red&p=2"


def test_parts_of_pages_are_put_in_and_forgotten_on_their_own(cache: Cache) -> None:
    first = cache.text("/framed.html")
    assert re.fullmatch(r"<main><nav>\d+</nav>frame \d+</main>", first)
    assert cache.forget("((^|,)menu(,|$))") == 200
    again = cache.text("/framed.html")
    assert again != first
    assert again.partition("frame")[2] == first.partition("frame")[2]


def test_pages_of_the_old_image_are_shown_and_not_kept(cache: Cache, shop: Shop) -> None:
    shop.release = "sold_"
    assert cache.text("/mug.html?old") != cache.text("/mug.html?old")
    shop.release = RELEASE
    kept = cache.text("/mug.html?old")
    assert cache.text("/mug.html?old") == kept


def test_what_is_kept_is_shown_while_the_shop_answers_nobody(cache: Cache, shop: Shop) -> None:
    kept = cache.text("/mug.html")
    shop.broken = True
    assert cache.text("/mug.html") == kept
    status, headers, text = cache.ask("/tea.html")
    assert status in {500, 503}
    assert "broken" in text or (headers["Retry-After"] == "5" and "busy" in text)
    shop.broken = False
    deadline = time.monotonic() + 10
    while cache.ask("/tea.html")[0] != 200:
        assert time.monotonic() < deadline, "an error was kept"
        time.sleep(0.1)


def test_a_closed_shop_shows_nothing_that_was_kept(closed_cache: Cache, shop: Shop) -> None:
    assert closed_cache.text("/mug.html") != closed_cache.text("/mug.html")
    assert len(shop.pages_asked()) == 2


def test_a_host_s_website_and_an_open_door_are_told_outside(
    cache: Cache, closed_cache: Cache, shop: Shop
) -> None:
    def told(of: Cache) -> tuple[str, str]:
        _, headers, text = of.ask("/-/site")
        return headers["X-Shop-Storefront"], text

    assert told(cache) == told(closed_cache) == ("open", "us")
    shop.storefront = "closed"
    # Behind the closed door this one shows what it kept.
    assert told(cache) == ("closing", "us")
    assert told(closed_cache) == ("closed", "us")


def test_a_shop_into_which_a_backup_is_loaded_is_said_to_be_closed(
    resting: Cache, shop: Shop
) -> None:
    for path, method in (("/mug.html", "GET"), ("/rest/V1/orders", "POST"), ("/admin", "GET")):
        status, headers, text = resting.ask(path, method)
        assert (status, headers["Retry-After"]) == (503, "600")
        assert headers["Cache-Control"] == "no-store"
        assert 'lang="de"' in text
    # Who waits for the door to open sees that it is not.
    status, headers, _ = resting.ask("/-/site")
    assert (status, headers.get_content_type()) == (200, "text/plain")
    assert headers["X-Shop-Storefront"] == "resting"
    # It is ready all the same, and what was kept is forgotten as ever.
    assert resting.ask("/-/page-cache")[0] == 200
    assert resting.forget(".*") == 200
    assert shop.asked == []


@pytest.mark.parametrize(
    "path", ["/-/live", "/-/started", "/health_check.php", "/rest/all/V1/storecontroller/ready"]
)
def test_what_answers_probes_is_not_shown_outside(path: str, cache: Cache, shop: Shop) -> None:
    assert cache.ask(path)[0] == 404
    assert shop.pages_asked() == []


def test_many_who_want_one_page_cost_one(cache: Cache, shop: Shop) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(cache.text("/tea.html"))) for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert shop.pages_asked() == ["/tea.html"]
