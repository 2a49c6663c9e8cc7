"""Commerce configuration from the command line: a second website, drift, secrets, adoption."""

import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import sandbox_shop
from tests.control_plane import ControlPlane, until

Storectl = Callable[..., subprocess.CompletedProcess[str]]
PROBE = "storectl-probe"


@pytest.fixture(scope="module")
def storectl(control_plane: ControlPlane) -> Storectl:
    environ = {**control_plane.environ, "STORECTL_LANG": "en"}

    def run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *argv],
            input=stdin,
            env=environ,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def shop(storectl: Storectl) -> str:
    created = storectl("create", "acme", "--country", "DE", "--email", "owner@example.com")
    assert created.returncode == 0, created.stderr
    return storectl("url", "acme").stdout.strip()


def ask(url: str, path: str, body: Any = None, host: str | None = None) -> Any:
    """What a shop answers a guest; a POST when there is a body."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **({"Host": host} if host else {})}
    request = urllib.request.Request(url + path, content, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    return json.loads(text) if "json" in answer.headers["Content-Type"] else text


def checkout(url: str, view: str) -> tuple[set[str], dict[str, float], str]:
    """The payment methods, shipping prices and currency that a guest meets."""
    cart = ask(url, f"/rest/{view}/V1/guest-carts", {})
    path = f"/rest/{view}/V1/guest-carts/{cart}"
    ask(url, f"{path}/items", {"cartItem": {"quote_id": cart, "sku": PROBE, "qty": 1}})
    address = {"address": {"country_id": "US", "postcode": "10001"}}
    offers = ask(url, f"{path}/estimate-shipping-methods", address)
    methods = {method["code"] for method in ask(url, f"{path}/payment-methods")}
    prices = {offer["carrier_code"]: offer["amount"] for offer in offers if offer["available"]}
    currency = ask(url, f"/rest/{view}/V1/directory/currency")["base_currency_code"]
    return methods, prices, currency


def taxed(url: str, postcode: str, region: int) -> list[tuple[str, float]]:
    """The taxes of a mug that goes to a place in Canada, as the bill shows them."""
    cart = ask(url, "/rest/default/V1/guest-carts", {})
    path = f"/rest/default/V1/guest-carts/{cart}"
    item = {"quote_id": cart, "sku": "stoneware-mug", "qty": 1}
    ask(url, f"{path}/items", {"cartItem": item})
    address = {"firstname": "A", "lastname": "B", "street": ["1 Rue"], "city": "Montréal",
               "country_id": "CA", "region_id": region, "postcode": postcode,
               "telephone": "1"}  # fmt: skip
    chosen = {"shipping_address": address, "shipping_carrier_code": "flatrate",
              "shipping_method_code": "flatrate"}  # fmt: skip
    sent = {"addressInformation": chosen}
    bill = ask(url, f"{path}/shipping-information", sent)["totals"]["total_segments"]
    tax = next(segment for segment in bill if segment["code"] == "tax")
    details = tax["extension_attributes"]["tax_grandtotal_details"]
    return [(levy["rates"][0]["title"], levy["amount"]) for levy in details]


def test_a_second_website_sells_in_its_own_currency_by_its_own_methods(
    storectl: Storectl, shop: str
) -> None:
    said = ("country=US", "displayName=Acme US", "payments=check", "shipping.flatRate=9")
    done = storectl("config", "set", "acme", "--site", "us", *said)
    assert done.returncode == 0, done.stderr
    assert checkout(shop, "us") == ({"checkmo"}, {"flatrate": 9}, "USD")
    assert checkout(shop, "default") == ({"banktransfer"}, {"flatrate": 4.9}, "EUR")
    found = storectl("config", "get", "acme", "sites.us.url", "-o", "json")
    short = storectl("config", "get", "acme", "url", "--site", "us", "-o", "json")
    assert short.stdout == found.stdout
    (field,) = json.loads(found.stdout)["fields"]
    host = field["desired"].removeprefix("http://").rstrip("/")
    page = ask(shop, "/", host=host)
    assert "Acme US" in page
    assert "$" in page
    assert storectl("config", "diff", "acme").returncode == 0


@pytest.mark.usefixtures("shop")
def test_table_rates_and_taxes_come_from_files(
    storectl: Storectl, shop: str, tmp_path: Path
) -> None:
    rates = tmp_path / "rates.yaml"
    rates.write_text(
        "by: weight\nrows:\n- {country: US, price: 4}\n- {country: US, above: 5, price: 9}\n"
    )
    taxes = tmp_path / "taxes.yaml"
    taxes.write_text("- {country: DE, percent: 19}\n")
    files = (f"shipping.tableRates=@{rates}", f"taxRates=@{taxes}")
    done = storectl("config", "set", "acme", *files)
    assert done.returncode == 0, done.stderr
    assert checkout(shop, "default")[1] == {"flatrate": 4.9, "tablerate": 4}
    table = storectl("config", "get", "acme", "taxRates", "-o", "json")
    (field,) = json.loads(table.stdout)["fields"]
    assert field["standing"] == "same"
    assert [rate["percent"] for rate in field["actual"]] == ["19.0000"]
    gone = storectl("config", "set", "acme", "shipping.tableRates=", "taxRates=")
    assert gone.returncode == 0, gone.stderr
    assert checkout(shop, "default")[1] == {"flatrate": 4.9}


CANADA = """
- {country: CA, percent: 5, name: GST}
- {country: CA, region: ON, percent: 13, name: HST}
- {country: CA, region: QC, percent: 9.975, name: QST, priority: 1}
"""


@pytest.mark.usefixtures("shop")
def test_two_taxes_of_one_place_are_due_together(
    storectl: Storectl, shop: str, tmp_path: Path
) -> None:
    taxes = tmp_path / "taxes.yaml"
    taxes.write_text(CANADA)
    done = storectl("config", "set", "acme", f"taxRates=@{taxes}")
    assert done.returncode == 0, done.stderr
    assert taxed(shop, "H2X 1Y4", 76) == [("GST", 0.9), ("QST", 1.8)]
    assert taxed(shop, "M5V 2T6", 74) == [("HST", 2.34)]
    assert storectl("config", "diff", "acme").returncode == 0
    exported = storectl("get", "acme", "-o", "yaml")
    document = tmp_path / "acme.yaml"
    document.write_text(exported.stdout)
    again = storectl("apply", "-f", str(document))
    assert again.returncode == 0, again.stderr
    # One of them alone: the rule of the other goes with it.
    taxes.write_text("- {country: CA, percent: 5, name: GST}\n")
    done = storectl("config", "set", "acme", f"taxRates=@{taxes}")
    assert done.returncode == 0, done.stderr
    assert taxed(shop, "H2X 1Y4", 76) == [("GST", 0.9)]
    assert storectl("config", "set", "acme", "taxRates=").returncode == 0
    assert taxed(shop, "H2X 1Y4", 76) == []


@pytest.mark.usefixtures("shop")
def test_where_parcels_leave_from_is_said_in_codes_of_regions(storectl: Storectl) -> None:
    said = ("shipping.origin.region=BER", "shipping.origin.postcode=10115")
    done = storectl("config", "set", "acme", *said)
    assert done.returncode == 0, done.stderr
    found = storectl("config", "get", "acme", "shipping.origin", "-o", "json").stdout
    (field,) = json.loads(found)["fields"]
    assert field["standing"] == "same"
    assert any(item["key"].endswith("region_id") for item in field["settings"])
    # Nothing of it is accepted: the shop's regions are known beforehand.
    wrong = storectl("config", "set", "acme", "shipping.origin.region=Atlantis")
    assert wrong.returncode == 2
    assert "no region “Atlantis”" in wrong.stderr
    assert storectl("config", "set", "acme", "shipping.origin.region=").returncode == 0


@pytest.mark.usefixtures("shop")
def test_a_change_in_the_shop_is_seen_left_and_pushed_over(
    storectl: Storectl, control_plane: ControlPlane
) -> None:
    assert storectl("config", "set", "acme", "drift.shipping=warn").returncode == 0
    store = json.loads(storectl("get", "acme", "-o", "json").stdout)
    (stack,) = [
        place
        for place in (control_plane.home / "stacks").iterdir()
        if str(json.loads((place / "release.json").read_text())["port"]) in store["status"]["url"]
    ]
    with closing(sqlite3.connect(stack / "shop.sqlite3", timeout=10)) as data, data:
        change = "update config set value = '42' where path = ? and scope = 'default'"
        data.execute(change, ("carriers/flatrate/price",))
    found = until(lambda: storectl("config", "diff", "acme").returncode == 10, "the difference")
    assert found
    told = storectl("config", "diff", "acme").stdout
    assert "shipping.flatRate" in told
    assert "changed in the shop" in told
    until(lambda: "are left so" in storectl("events", "acme").stdout, "the warning")
    assert storectl("config", "push", "acme").returncode == 0
    assert storectl("config", "diff", "acme").returncode == 0


@pytest.mark.usefixtures("shop")
def test_a_capability_that_the_shop_lacks_is_refused_before_anything_is_written(
    storectl: Storectl, shop: str
) -> None:
    before = checkout(shop, "default")
    said = (
        "payments=bank_transfer,stripe",
        "shipping.flatRate=77",
        "gateways.stripe.mode=test",
        "gateways.stripe.publishableKey=pk_test_12345678",
    )
    done = storectl("config", "set", "acme", *said)
    assert done.returncode == 7
    assert "This shop has no “stripe”." in done.stderr
    assert checkout(shop, "default") == before
    back = ("payments=bank_transfer", "shipping.flatRate=4.90", "gateways.stripe=")
    assert storectl("config", "set", "acme", *back).returncode == 0


@pytest.mark.usefixtures("shop")
def test_a_carrier_needs_its_secrets_which_come_from_the_standard_input(
    storectl: Storectl,
) -> None:
    done = storectl("config", "set", "acme", "shipping.carriers.fedex.mode=test")
    assert done.returncode == 7
    assert "The secret “fedex.account” is missing." in done.stderr
    for name, value in (("account", "123456789"), ("apiKey", "key-12345"), ("secretKey", "s3cr3t")):
        # Each attempt fails until the last secret is there, and says which one is missing.
        done = storectl("secret", "set", "acme", f"fedex.{name}", stdin=value + "\n")
    assert done.returncode == 0, done.stderr
    listed = storectl("secret", "list", "acme", "-o", "name").stdout.split()
    assert listed == ["fedex.account", "fedex.apiKey", "fedex.secretKey"]
    shown = storectl("config", "get", "acme", "fedex", "-o", "json").stdout
    assert "s3cr3t" not in shown
    fields = json.loads(shown)["fields"]
    assert {field["standing"] for field in fields} == {"same"}
    assert all(field["desired"] == field["actual"] for field in fields)
    assert storectl("config", "set", "acme", "shipping.carriers.fedex=").returncode == 0
    assert storectl("secret", "rm", "acme", "fedex.account").returncode == 0
    assert storectl("secret", "rm", "acme", "fedex.account").returncode == 3
    assert storectl("secret", "set", "acme", "fedex.account").returncode == 2


def test_a_shop_that_somebody_else_runs_is_adopted_and_let_go(
    storectl: Storectl, tmp_path: Path
) -> None:
    running = sandbox_shop.start(tmp_path / "shop")
    token = tmp_path / "token"
    token.write_text(sandbox_shop.TOKEN + "\n")
    said = ("--url", running.url, "--country", "FR", "--token-file", str(token))
    try:
        before = storectl("adopt", "theirs", *said, "--engine", "sandbox", "--dry-run")
        assert before.returncode == 10
        assert "currencies.base" in before.stdout
        assert storectl("get", "theirs").returncode == 3
        done = storectl("adopt", "theirs", *said, "--engine", "sandbox")
        assert done.returncode == 0, done.stderr
        assert checkout(running.url, "default")[2] == "EUR"
        twice = storectl("adopt", "again", *said, "--engine", "sandbox")
        assert twice.returncode == 5
        assert "“theirs”" in twice.stderr
        assert storectl("suspend", "theirs").returncode == 5
        assert storectl("retire", "theirs", "--yes").returncode == 0
        assert storectl("purge", "theirs", "--confirm", "theirs", "--yes").returncode == 0
        # The shop itself goes on.
        assert checkout(running.url, "default")[2] == "EUR"
    finally:
        sandbox_shop.stop(running)


def test_a_magento_is_not_started_on_this_machine(storectl: Storectl) -> None:
    done = storectl("create", "mage", "--country", "DE", "--engine", "magento")
    assert done.returncode == 2
    assert "storectl adopt" in done.stderr
