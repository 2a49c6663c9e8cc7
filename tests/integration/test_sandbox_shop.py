"""The sandbox shop as a process: its contract with the driver, its REST API, bad input, pages."""

import json
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.sandbox_shop import DEADLINE, Running, spawn, start, stop, write
from tests.services.process import free_port

ADDRESS = {"firstname": "A", "lastname": "B", "street": ["1 Main St"], "city": "Austin",
           "region_code": "TX", "postcode": "78701", "country_id": "US",
           "email": "a@b.example"}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Running]:
    running = start(tmp_path / "shop")
    yield running
    stop(running)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One shop for the tests that leave no trace in it."""
    running = start(tmp_path_factory.mktemp("shared") / "shop")
    yield running
    assert "Traceback" not in running.log()
    stop(running)


def order(client: httpx.Client, sku: str = "green-tea", qty: int = 1) -> httpx.Response:
    cart = f"/rest/V1/guest-carts/{client.post('/rest/V1/guest-carts').json()}"
    client.post(f"{cart}/items", json={"cartItem": {"sku": sku, "qty": qty}})
    information = {"shipping_address": ADDRESS, "shipping_carrier_code": "flatrate",
                   "shipping_method_code": "flatrate"}  # fmt: skip
    client.post(f"{cart}/shipping-information", json={"addressInformation": information})
    payment = {"email": "a@b.example", "paymentMethod": {"method": "checkmo"}}
    return client.post(f"{cart}/payment-information", json=payment)


# The contract with the driver


def test_runtime_json_says_what_runs(shop: Running) -> None:
    runtime = json.loads((shop.directory / "runtime.json").read_text(encoding="utf-8"))
    assert runtime["pid"] == shop.process.pid
    assert (runtime["port"], runtime["digest"]) == (shop.port, "sha-1")
    assert runtime["started_at"].endswith("+00:00")
    with shop.client() as client:
        assert client.get("/rest/V1/storecontroller/ready").json() == {"ready": True}


def test_a_second_process_of_the_same_directory_gives_up(shop: Running) -> None:
    assert spawn(shop.directory).wait(DEADLINE) == 75
    assert (shop.directory / "runtime.json").exists()
    with shop.client() as client:
        assert client.get("/rest/V1/storecontroller/ready").status_code == 200


def test_a_taken_port_is_reported(shop: Running, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, shop.port)
    assert spawn(other).wait(DEADLINE) == 76
    said = json.loads((other / "exit.json").read_text(encoding="utf-8"))
    assert said["code"] == "port_taken"
    assert not (other / "runtime.json").exists()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param("release.json", "{", id="no JSON"),
        pytest.param("release.json", '{"uid":"u","digest":"d","port":"x"}', id="no port"),
        pytest.param("secrets.json", "[]", id="no secrets"),
    ],
)
def test_an_unusable_directory_is_reported(tmp_path: Path, file: str, content: str) -> None:
    write(tmp_path, free_port())
    (tmp_path / file).write_text(content, encoding="utf-8")
    assert spawn(tmp_path).wait(DEADLINE) == 78
    said = json.loads((tmp_path / "exit.json").read_text(encoding="utf-8"))
    assert said["code"] == "bad_directory"


def test_a_ruined_data_file_is_reported(tmp_path: Path) -> None:
    write(tmp_path, free_port())
    (tmp_path / "shop.sqlite3").write_bytes(b"this is no database" * 100)
    assert spawn(tmp_path).wait(DEADLINE) == 74
    said = json.loads((tmp_path / "exit.json").read_text(encoding="utf-8"))
    assert said["code"] == "data_unusable"


def test_sigterm_ends_the_shop_cleanly(shop: Running) -> None:
    with shop.client() as client:
        client.get("/")  # keeps a connection open
        shop.process.send_signal(signal.SIGTERM)
        assert shop.process.wait(DEADLINE) == 0
    assert not (shop.directory / "runtime.json").exists()


def test_orders_and_settings_survive_sigkill(shop: Running) -> None:
    with shop.client() as client:
        items = [{"path": "general/store_information/name", "value": "Survivor"}]
        body = {"items": items, "revision": 3}
        assert client.put("/rest/all/V1/storecontroller/config", json=body).status_code == 200
        number = order(client).json()
    shop.process.kill()
    shop.process.wait(DEADLINE)
    (shop.directory / "runtime.json").unlink()
    again = start(shop.directory)
    try:
        with again.client() as client:
            assert client.get(f"/rest/V1/orders/{number}").json()["state"] == "new"
            assert client.get("/rest/V1/storecontroller/status").json()["revision"] == 3
            assert "Survivor" in client.get("/").text
    finally:
        stop(again)


def test_a_closed_storefront_says_when_to_come_back_and_rest_goes_on(tmp_path: Path) -> None:
    running = start(tmp_path / "shop", {"storefront": "closed"})
    try:
        with running.client() as client:
            for path in ("/", "/cart", "/product/green-tea", "/nope"):
                answer = client.get(path)
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) > 0
            status = client.get("/rest/V1/storecontroller/status").json()
            assert (status["ready"], status["maintenance"]) == (True, True)
            assert order(client).status_code == 200
            assert client.get("/static/shop.css").status_code == 200
    finally:
        stop(running)


def test_the_last_piece_is_sold_once(shop: Running) -> None:
    with shop.client() as client:
        stock = {"stock_item": {"qty": 3, "is_in_stock": True}}
        body = {"product": {"extension_attributes": stock}}
        client.put("/rest/all/V1/products/green-tea", json=body)

    def buy(_: int) -> int:
        with shop.client() as client:
            return order(client).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(buy, range(8)))
    assert sorted(statuses) == [200] * 3 + [400] * 5


def test_nobody_comes_in_with_a_password(shared: Running) -> None:
    body = {"username": "admin", "password": "admin"}
    answer = httpx.post(f"{shared.url}/rest/V1/integration/admin/token", json=body, trust_env=False)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/rest/V1/store/websites", "/rest/all/V1/orders"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic eA==", "Bearer", "Bearer ü"])
def test_no_token_and_a_bad_token_are_refused_alike(
    shared: Running, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = httpx.get(f"{shared.url}{path}", headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.json()["message"] == "The consumer isn't authorized to access %resources."


# Bad input


DEEP = "[" * 100_000
BODIES = [
    pytest.param(b"{bad", id="no JSON"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"null", id="null"),
    pytest.param(b'"x"', id="a text"),
    pytest.param(b'{"items":"x","nodes":7,"rates":{},"product":[],"cartItem":1}', id="types"),
    pytest.param(b'{"items":[1],"nodes":[null],"rates":["x"],"revision":1}', id="elements"),
    pytest.param(b'{"items":[{"path":{}}],"revision":{}}', id="nested types"),
    pytest.param(b'{"items":[],"revision":1e999}', id="infinity"),
    pytest.param(b'{"items":[],"revision":NaN}', id="not a number"),
    pytest.param(b'{"items":[],"revision":' + b"9" * 5000 + b"}", id="huge number"),
    pytest.param(b'{"items":[{"path":"\\ud800","value":"\\ud800"}],"revision":1}', id="surrogate"),
    pytest.param(b'{"product":{"sku":"\\u0000","name":"\\ud800","price":1}}', id="bad text"),
    pytest.param(b'{"product":{"sku":"x","name":"y","price":1e300}}', id="absurd price"),
    pytest.param(b'{"product":{"sku":"x","name":"y","price":-1}}', id="negative price"),
    pytest.param(b'{"cartItem":{"sku":"green-tea","qty":1.5}}', id="half a piece"),
    pytest.param(b'{"cartItem":{"sku":"green-tea","qty":99999999999999999999}}', id="too many"),
    pytest.param(b"\xff\xfe", id="no UTF-8"),
    pytest.param(DEEP.encode(), id="deep"),
    pytest.param(b'{"a":' + DEEP.encode() + b"}", id="deep object"),
]
ROUTES = [
    ("PUT", "/rest/all/V1/storecontroller/config"),
    ("POST", "/rest/all/V1/storecontroller/config/query"),
    ("PUT", "/rest/all/V1/storecontroller/topology"),
    ("PUT", "/rest/all/V1/storecontroller/currency-rates"),
    ("POST", "/rest/all/V1/storecontroller/login-link"),
    ("POST", "/rest/all/V1/products"),
    ("POST", "/rest/V1/guest-carts/nope/items"),
    ("POST", "/rest/V1/order/1/ship"),
    ("POST", "/rest/V1/shipment/track"),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[path for _, path in ROUTES])
def test_a_bad_body_is_refused_and_never_a_fault(
    shared: Running, method: str, path: str, body: bytes
) -> None:
    with shared.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = client.request(method, path, content=body, headers=headers)
    if path.endswith("/query") and answer.status_code == 200:
        # A query reads its items only, and says of each what is wrong with it.
        assert all(one["status"] == "error" for one in answer.json())
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/rest",
        "/rest/V1",
        "/rest/V1/nope",
        "/rest/all/V1/orders/abc",
        "/rest/all/V1/orders/" + "9" * 400,
        "/rest/all/V1/orders/1%00",
        "/rest/all/V1/products/%ff",
        "/rest/all/V1/products/..%2f..%2fx",
        "/rest/all/V1/products?searchCriteria[pageSize]=-1",
        "/rest/all/V1/products?searchCriteria[pageSize]=x",
        "/rest/all/V1/products?searchCriteria[filter_groups][0][filters][0][field]=1;drop",
        "/rest/all/V1/products?searchCriteria[filter_groups][0][filters][0][value]=x",
        "/rest/all/V1/products?fields=[[[",
        "/rest/all/V1/products?fields=" + "a[" * 2000,
        "/rest/%ff/V1/store/websites",
        "/rest/V1/directory/countries/XX",
        "/rest/V1/guest-carts/nope",
        "/nope",
        "/product/%ff",
        "/product/nope",
        "/default/../../etc/passwd",
        "/static/../secrets.json",
        "/static/%2e%2e/shop.py",
        "/admin/orders/999999999999999999999",
        "/admin/enter?token=%00",
    ],
)
def test_a_bad_address_is_refused_and_never_a_fault(shared: Running, path: str) -> None:
    with shared.client() as client:
        assert 400 <= client.get(path).status_code < 500


@pytest.mark.parametrize("path", ["/rest/all/V1/storecontroller/config", "/cart/add"])
def test_a_body_of_ten_megabytes_is_too_large(shared: Running, path: str) -> None:
    with shared.client() as client:
        method = "PUT" if "rest" in path else "POST"
        assert client.request(method, path, content=b"x" * 10_000_000).status_code == 413
        assert client.get("/rest/V1/storecontroller/ready").status_code == 200


# Pages


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's last form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_a_shopper_buys_and_follows_the_order(shop: Running) -> None:
    with shop.client() as client:
        client.follow_redirects = True
        page = client.get("/product/stoneware-mug").text
        cart = client.post("/cart/add", data=fields(page) | {"qty": "2"})
        assert "$36.00" in cart.text
        delivery = client.get("/checkout").text
        wrong = client.post("/checkout", data=fields(delivery) | {"email": "nobody"})
        assert wrong.status_code == 422
        address = {"firstname": "A", "lastname": "B", "street": "1 Main St", "city": "Austin",
                   "postcode": "78701", "country_id": "US", "email": "a@b.example",
                   "shipping": "flatrate_flatrate"}  # fmt: skip
        review = client.post("/checkout", data=fields(delivery) | address)
        assert "$46.00" in review.text
        done = client.post("/checkout/payment", data=fields(review.text) | {"payment": "checkmo"})
        assert "000000001" in done.text
        client.post("/rest/V1/order/1/ship", json={"tracks": [
            {"track_number": "1Z999", "title": "UPS", "carrier_code": "ups"}]})  # fmt: skip
        form = fields(client.get("/track").text)
        asked = form | {"number": "000000001", "email": "a@b.example"}
        assert "1Z999" in client.post("/track", data=asked).text
        asked["email"] = "other@b.example"
        assert client.post("/track", data=asked).status_code == 404


def test_a_form_without_its_token_changes_nothing(shared: Running) -> None:
    with shared.client() as client:
        form = {"sku": "green-tea", "qty": "1"}
        assert client.post("/cart/add", data=form).status_code == 403
        assert client.post("/cart/add", data=form | {"csrf": "x"}).status_code == 403


def test_a_login_link_opens_the_administration_once(shop: Running) -> None:
    with shop.client() as merchant, shop.client() as somebody:
        link = merchant.post("/rest/V1/storecontroller/login-link", json={"role": "owner"}).json()
        assert somebody.get("/admin").status_code == 403
        merchant.follow_redirects = True
        page = merchant.get(link["url"])
        assert page.status_code == 200
        assert somebody.get(link["url"]).status_code == 403
        number = order(merchant).json()
        sheet = merchant.get(f"/admin/orders/{number}").text
        shipping = fields(sheet) | {"carrier": "dhl", "number": "0034"}
        assert "0034" in merchant.post(f"/admin/orders/{number}/ship", data=shipping).text
        forged = merchant.post(f"/admin/orders/{number}/pay", data={"csrf": "x"})
        assert forged.status_code == 403


def test_a_hostile_name_is_only_a_name(shop: Running) -> None:
    name = '"><svg onload=alert(1)>{{ 7 * 7 }}%(x)s'
    with shop.client() as client:
        items = [{"path": "general/store_information/name", "value": name}]
        client.put(
            "/rest/all/V1/storecontroller/config", json={"items": items, "revision": 1}
        ).raise_for_status()
        for path in ("/", "/cart", "/track", "/nope", "/admin"):
            page = client.get(path).text
            assert "<svg onload" not in page
            assert "&lt;svg onload=alert(1)&gt;{{ 7 * 7 }}%(x)s" in page


def test_pages_carry_security_headers(shared: Running) -> None:
    with shared.client() as client:
        answer = client.get("/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    assert all("HttpOnly" in one and "SameSite=lax" in one for one in cookies)


def test_every_language_has_its_own_pages(shop: Running) -> None:
    locales = {"de": "de_DE", "es": "es_ES", "ar": "ar_EG"}
    nodes = [{"type": "store", "code": code, "parent_code": "main_website_store"}
             for code in locales]  # fmt: skip
    items = [{"path": "general/locale/code", "scope": "stores", "scope_code": code, "value": value}
             for code, value in locales.items()]  # fmt: skip
    with shop.client() as client:
        client.put(
            "/rest/all/V1/storecontroller/topology", json={"nodes": nodes}
        ).raise_for_status()
        client.put(
            "/rest/all/V1/storecontroller/config", json={"items": items, "revision": 1}
        ).raise_for_status()
        assert "Steinzeugbecher" in client.get("/de/").text
        assert "18,00\xa0$" in client.get("/de/").text
        assert "Taza de gres" in client.get("/es/").text
        arabic = client.get("/ar/").text
        assert '<html lang="ar" dir="rtl">' in arabic
        assert "كوب من الفخار الحجري" in arabic
        assert 'href="/de/cart"' in client.get("/ar/cart").text


def test_a_second_website_sells_in_its_own_currency(shop: Running) -> None:
    nodes = [
        {"type": "website", "code": "mx"},
        {"type": "group", "code": "mx_group", "parent_code": "mx"},
        {"type": "store", "code": "mx_es", "parent_code": "mx_group"},
    ]
    site = {"scope": "websites", "scope_code": "mx"}
    items = [
        {"path": "catalog/price/scope", "value": "1"},
        {"path": "currency/options/allow", "value": "MXN", **site},
        {"path": "currency/options/base", "value": "MXN", **site},
        {"path": "currency/options/default", "value": "MXN", **site},
        {"path": "general/locale/code", "value": "es_MX", **site},
    ]
    with shop.client() as client:
        client.put("/rest/all/V1/storecontroller/topology", json={"nodes": nodes})
        body = {"items": items, "revision": 1}
        client.put("/rest/all/V1/storecontroller/config", json=body).raise_for_status()
        product = {"product": {"price": 365}}
        client.put("/rest/mx_es/V1/products/stoneware-mug", json=product).raise_for_status()
        assert "$365.00" in client.get("/mx_es/product/stoneware-mug").text
        assert "$18.00" in client.get("/product/stoneware-mug").text
        assert client.get("/rest/default/V1/products/stoneware-mug").json()["price"] == 18


def test_a_website_with_a_host_of_its_own_has_its_own_storefront(shop: Running) -> None:
    nodes = [
        {"type": "website", "code": "us"},
        {"type": "group", "code": "us_group", "parent_code": "us"},
        {"type": "store", "code": "us_en", "parent_code": "us_group"},
        {"type": "store", "code": "us_es", "parent_code": "us_group"},
    ]
    host = f"us.localhost:{shop.port}"
    site = {"scope": "websites", "scope_code": "us"}
    values = {
        "web/unsecure/base_url": f"http://{host}/",
        "currency/options/allow": "MXN",
        "currency/options/base": "MXN",
        "currency/options/default": "MXN",
        "payment/checkmo/active": "0",
        "payment/banktransfer/active": "1",
        "payment/banktransfer/instructions": "CLABE 0001",
        "carriers/flatrate/price": "99",
        "carriers/flatrate/type": "O",
    }
    items = [
        {"path": "catalog/price/scope", "value": "1"},
        *({"path": path, "value": value, **site} for path, value in values.items()),
        {
            "path": "general/locale/code",
            "scope": "stores",
            "scope_code": "us_es",
            "value": "es_MX",
        },
    ]
    with shop.client() as client:
        client.put("/rest/all/V1/storecontroller/topology", json={"nodes": nodes})
        body = {"items": items, "revision": 1}
        client.put("/rest/all/V1/storecontroller/config", json=body).raise_for_status()
        assert "€" not in client.get("/").text
        client.headers["Host"] = host
        assert client.get("/-/site").text == "*\n"
        client.follow_redirects = True
        page = client.get("/product/stoneware-mug").text
        assert "MX$360.00" in page
        assert 'href="/us_es/product/stoneware-mug"' in page
        client.post("/cart/add", data=fields(page) | {"qty": "1"})
        form = fields(client.get("/checkout").text)
        address = {"firstname": "A", "lastname": "B", "street": "1 Main St", "city": "Austin",
                   "country_id": "US", "postcode": "78701", "email": "a@b.example",
                   "shipping": "flatrate_flatrate"}  # fmt: skip
        payment = client.post("/checkout", data=form | address).text
        assert "CLABE 0001" in payment
        assert "MX$459.00" in payment
        assert "checkmo" not in payment


def test_taxes_are_shown_on_the_bill(shop: Running) -> None:
    rate = {"tax_country_id": "US", "tax_postcode": "*", "rate": 10, "code": "US"}
    rule = {"code": "all", "priority": 0, "position": 0, "customer_tax_class_ids": [3],
            "product_tax_class_ids": [2]}  # fmt: skip
    with shop.client() as client:
        made = client.post("/rest/V1/taxRates", json={"taxRate": rate}).json()
        body = {"rule": {**rule, "tax_rate_ids": [made["id"]]}}
        client.post("/rest/V1/taxRules", json=body).raise_for_status()
        client.follow_redirects = True
        form = fields(client.get("/product/stoneware-mug").text)
        cart = client.post("/cart/add", data=form | {"qty": "2"}).text
        assert "$36.00" in cart
        assert "$3.60" in cart
        paths = ("tax/display/type", "tax/cart_display/subtotal")
        items = [{"path": path, "value": "2"} for path in paths]
        client.put("/rest/all/V1/storecontroller/config", json={"items": items, "revision": 1})
        assert "$39.60" in client.get("/cart").text
        assert "$19.80" in client.get("/").text


def test_taxes_that_are_due_together_are_shown_one_by_one(shop: Running) -> None:
    rule = {"position": 0, "customer_tax_class_ids": [3], "product_tax_class_ids": [2]}
    with shop.client() as client:
        for priority, (code, percent, region) in enumerate((("GST", 5, 0), ("QST", 9.975, 76))):
            rate = {"tax_country_id": "CA", "tax_region_id": region, "tax_postcode": "*",
                    "rate": percent, "code": code}  # fmt: skip
            made = client.post("/rest/V1/taxRates", json={"taxRate": rate}).json()
            body = {"rule": {**rule, "code": code, "priority": priority,
                             "calculate_subtotal": True, "tax_rate_ids": [made["id"]]}}  # fmt: skip
            client.post("/rest/V1/taxRules", json=body).raise_for_status()
        client.follow_redirects = True
        form = fields(client.get("/product/stoneware-mug").text)
        client.post("/cart/add", data=form | {"qty": "1"})
        form = fields(client.get("/checkout").text)
        address = {"firstname": "A", "lastname": "B", "street": "1 Rue", "city": "Montréal",
                   "country_id": "CA", "region": "QC",
                   "postcode": "H2X 1Y4", "email": "a@b.example",
                   "shipping": "flatrate_flatrate"}  # fmt: skip
        payment = client.post("/checkout", data=form | address).text
        done = client.post("/checkout/payment", data=fields(payment) | {"payment": "checkmo"}).text
    for page in (payment, done):
        assert "GST (5%)" in page
        assert "QST (9.975%)" in page
        assert "$0.90" in page
        assert "$1.80" in page
        assert "$25.70" in page


def test_the_checkout_asks_for_what_the_country_needs(shop: Running) -> None:
    with shop.client() as client:
        items = [{"path": "general/region/state_required", "value": "CA"}]
        client.put("/rest/all/V1/storecontroller/config", json={"items": items, "revision": 1})
        client.follow_redirects = True
        form = fields(client.get("/product/stoneware-mug").text)
        client.post("/cart/add", data=form | {"qty": "1"})
        form = fields(client.get("/checkout").text)
        said = {"firstname": "A", "lastname": "B", "street": "1 Rue", "city": "Montréal",
                "country_id": "CA", "email": "a@b.example",
                "shipping": "flatrate_flatrate"}  # fmt: skip
        for more, told in (
            ({"region": "QC"}, "Please fill this in."),
            ({"region": "Atlantis", "postcode": "H2X 1Y4"}, "by its name or code"),
            ({"region": "québec", "postcode": "H2X 1Y4"}, "How would you like to pay?"),
        ):
            assert told in client.post("/checkout", data=form | said | more).text


def test_a_release_can_fix_a_setting(tmp_path: Path) -> None:
    path = "general/store_information/name"
    running = start(tmp_path / "shop", {"config": {path: "Fixed"}})
    try:
        with running.client() as client:
            body = {"items": [{"path": path, "value": "Mine"}], "revision": 1}
            refused = client.put("/rest/all/V1/storecontroller/config", json=body)
            assert refused.status_code == 422
            assert "Fixed" in client.get("/").text
    finally:
        stop(running)
