"""A specification as Magento's settings: paths, scopes, dialects, and what changes the digest."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from controller.commerce.drafts import Draft, SiteDraft, specify
from controller.domain.commerce import DriftPolicy
from controller.domain.conditions import Desired
from controller.domain.errors.shops import CapabilityMissingError, SecretMissingError
from controller.domain.mail import Encryption, Relay
from controller.domain.store import Store, StoreSpec, StoreStatus
from controller.engines.abilities import abilities_of
from controller.engines.fields import mailing
from controller.engines.settings import Wanted

URL = "http://127.0.0.1:18100"
UPS = {"ups": {"mode": "test", "account": "A1B2C3"}}
STRIPE: dict[str, Any] = {
    "payments": ("check", "stripe"),
    "gateways": {"stripe": {"mode": "test", "publishableKey": "pk_test_12345678"}},
}
STRIPE_SECRET = {"stripe.secretKey": "sk_test_12345678"}


def wanted(secrets: Mapping[str, str] | None = None, **said: Any) -> Wanted:
    found = specify(Draft(name="acme", country="DE", **said), {"magento": abilities_of("magento")})
    return of(found, secrets or {})


def of(spec: StoreSpec, secrets: Mapping[str, str] | None = None) -> Wanted:
    now = datetime.now(UTC)
    store = Store(
        uid="store1",
        tenant="tenant1",
        owner="owner@example.com",
        stack="stack1",
        generation=1,
        desired=Desired.ACTIVE,
        spec=spec,
        status=StoreStatus(),
        operation=None,
        created_at=now,
        updated_at=now,
    )
    addresses = {"base": URL, "us": "https://us.example.com"}
    return Wanted(store=store, addresses=addresses, secrets=secrets or {}, shop="stack1")


def values(found: Wanted, known: set[str] | None = None) -> dict[str, str]:
    settings = found.settings(found.uncertain if known is None else known)
    keys = [item.key for item in settings]
    # The first of them only switches websites' prices on.
    assert len(keys) == len(set(keys)), "a setting is written twice"
    return {item.key.removeprefix("default||"): item.value for item in settings}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(
            {"flat_rate": Decimal("7.5"), "free_from": Decimal(100)},
            {
                "carriers/flatrate/active": "1",
                "carriers/flatrate/price": "7.50",
                "carriers/freeshipping/active": "1",
                "carriers/freeshipping/free_shipping_subtotal": "100.00",
                "carriers/tablerate/active": "0",
            },
            id="shipping",
        ),
        pytest.param(
            {"flat_rate_offered": False, "free_from": Decimal(0)},
            {"carriers/flatrate/active": "0", "carriers/freeshipping/active": "1"},
            id="no-flat-rate",
        ),
        pytest.param(
            {"table": {"by": "items", "rows": [{"country": "DE", "price": 4}]}},
            {
                "carriers/tablerate/active": "1",
                "carriers/tablerate/condition_name": "package_qty",
            },
            id="table-rates",
        ),
        pytest.param(
            {"payments": ("check",), "gateways": {"check": {"payableTo": "Acme"}}},
            {
                "payment/checkmo/active": "1",
                "payment/checkmo/payable_to": "Acme",
                "payment/banktransfer/active": "0",
            },
            id="payments",
        ),
        pytest.param(
            {"base_currency": "EUR", "allowed_currencies": ("USD",), "default_currency": "EUR"},
            {"currency/options/allow": "USD,EUR", "catalog/price/scope": "1"},
            id="currencies",
        ),
        pytest.param(
            {"prices_include_tax": False},
            {"tax/calculation/price_includes_tax": "0", "tax/display/type": "1"},
            id="tax",
        ),
        pytest.param(
            {"contact_email": "hello@example.com", "contact_phone": "+49 1234"},
            {
                "trans_email/ident_sales/email": "hello@example.com",
                "general/store_information/phone": "+49 1234",
            },
            id="contact",
        ),
        pytest.param(
            {"locales": ("zh_Hant_TW", "de_DE")},
            {
                "general/locale/code": "zh_Hant_TW",
                "stores|default|general/locale/code": "zh_Hant_TW",
                "stores|de_de|general/locale/code": "de_DE",
            },
            id="languages",
        ),
    ],
)
def test_what_a_merchant_means_becomes_magentos_settings(
    said: dict[str, Any], expected: dict[str, str]
) -> None:
    found = values(wanted(**said))
    assert {name: found.get(name) for name in expected} == expected


def test_a_further_website_has_its_own_scope_and_address() -> None:
    site = SiteDraft(country="US", payments=("check",), locales=("en_US", "es_US"))
    found = wanted(sites={"us": site})
    settings = values(found)
    assert settings["websites|us|currency/options/base"] == "USD"
    assert settings["websites|us|payment/banktransfer/active"] == "0"
    assert settings["websites|us|web/unsecure/base_url"] == "https://us.example.com/"
    assert settings["payment/banktransfer/active"] == "1"
    assert "websites|us|general/locale/timezone" not in settings
    assert list(found.views) == ["default", "us", "us_es_us"]
    nodes = found.nodes({"old": "main_website_store"})
    assert [node["code"] for node in nodes if node["type"] == "website"] == ["base", "us"]
    assert [node["code"] for node in nodes if node.get("is_active") is False] == ["old"]


def test_every_code_of_a_view_fits_into_magentos_column() -> None:
    site = SiteDraft(country="CN", locales=("zh_Hans_CN", "zh_Hant_HK"))
    assert max(map(len, wanted(sites={"a" * 20: site}).views)) <= 32


def test_only_addresses_that_are_said_are_written() -> None:
    sites = {"us": SiteDraft(country="US"), "mx": SiteDraft(country="MX")}
    found = wanted(sites=sites)
    written = {key: value for key, value in values(found).items() if "/base_url" in key}
    assert written == {
        "web/unsecure/base_url": f"{URL}/",
        "web/secure/base_url": f"{URL}/",
        "websites|us|web/unsecure/base_url": "https://us.example.com/",
        "websites|us|web/secure/base_url": "https://us.example.com/",
    }


def test_a_provider_is_spoken_to_in_the_dialect_that_the_shop_knows() -> None:
    found = wanted(STRIPE_SECRET, **STRIPE)
    settings = values(found)
    assert settings["payment/stripe_payments_basic/stripe_test_sk"] == "sk_test_12345678"
    assert settings["payment/stripe_payments_basic/stripe_mode"] == "test"
    assert [item.path for item in found.settings(found.uncertain) if item.secret] == [
        "payment/stripe_payments_basic/stripe_test_sk"
    ]
    with pytest.raises(CapabilityMissingError):
        found.settings({"payment/stripe_payments/active"})
    assert found.settings(set(), tolerant=True)


def test_what_the_main_website_offers_is_not_inherited_by_another() -> None:
    site = SiteDraft(country="US", payments=("check",))
    secrets = {**STRIPE_SECRET, "ups.clientId": "client", "ups.clientSecret": "secret"}
    settings = values(wanted(secrets, sites={"us": site}, carriers=UPS, **STRIPE))
    for path in ("payment/stripe_payments/active", "carriers/ups/active"):
        assert settings[path] == "1"
        assert settings[f"websites|us|{path}"] == "0"
    alone = values(wanted(STRIPE_SECRET, sites={"us": SiteDraft(country="US", **STRIPE)}))
    assert "payment/stripe_payments/active" not in alone


def test_the_dialect_whose_secrets_are_there_is_taken() -> None:
    usps = {"usps": {"mode": "live"}}
    older = {"usps.userId": "user", "usps.password": "pass"}
    settings = values(wanted(older, carriers=usps))
    assert settings["carriers/usps/userid"] == "user"
    assert "carriers/usps/client_id" not in settings
    newer = {"usps.clientId": "id1234", "usps.clientSecret": "secret"}
    assert values(wanted(newer, carriers=usps))["carriers/usps/client_id"] == "id1234"
    with pytest.raises(SecretMissingError) as caught:
        values(wanted({}, carriers=usps))
    assert caught.value.params == {"secret": "usps.clientId"}


def test_a_website_takes_its_own_secret_before_the_stores() -> None:
    site = SiteDraft(country="US", **STRIPE)
    secrets = {**STRIPE_SECRET, "sites.us.stripe.secretKey": "sk_test_87654321"}
    settings = values(wanted(secrets, sites={"us": site}, **STRIPE))
    path = "payment/stripe_payments_basic/stripe_test_sk"
    assert settings[path] == "sk_test_12345678"
    assert settings[f"websites|us|{path}"] == "sk_test_87654321"


def test_a_carrier_is_on_only_after_all_that_it_needs() -> None:
    secrets = {"ups.clientId": "client", "ups.clientSecret": "secret"}
    found = wanted(secrets, carriers=UPS)
    paths = [item.path for item in found.settings(found.uncertain)]
    assert paths.index("carriers/ups/active") > paths.index("carriers/ups/password")


def test_the_digest_is_of_what_the_shop_is_told() -> None:
    plain = wanted(STRIPE_SECRET, **STRIPE)
    spec = plain.store.spec
    end = datetime.now(UTC) + timedelta(days=1)
    untold = replace(spec, labels={"a": "b"}, expires_at=end, drift={"*": DriftPolicy.WARN})
    assert of(untold, STRIPE_SECRET).digest == plain.digest
    assert of(replace(spec, timezone="UTC"), STRIPE_SECRET).digest != plain.digest
    assert of(spec, {"stripe.secretKey": "sk_test_87654321"}).digest != plain.digest
    assert "sk_test" not in plain.digest


def test_mails_leave_by_the_relay_or_not_at_all() -> None:
    silent = replace(wanted(), relay=Relay())
    assert {key: value for key, value in values(silent).items() if "smtp" in key} == {
        "system/smtp/disable": "1"
    }
    relay = Relay(host="smtp.example.com", username="acme", password="s3cret", sender="s@acme.de")
    found = replace(wanted(contact_email="me@acme.de"), relay=relay)
    written = values(found)
    assert {key: value for key, value in written.items() if "smtp" in key} == {
        "system/smtp/disable": "0",
        "system/smtp/transport": "smtp",
        "system/smtp/host": "smtp.example.com",
        "system/smtp/port": "587",
        "system/smtp/ssl": "tls",
        "system/smtp/auth": "login",
        "system/smtp/username": "acme",
        "system/smtp/password": "s3cret",
    }
    # A relay that knows one sender takes no mail of another.
    senders = {value for key, value in written.items() if key.startswith("trans_email/")}
    assert senders - {"Acme"} == {"s@acme.de"}
    assert [item.path for item in found.settings() if item.secret] == ["system/smtp/password"]


def test_another_relay_or_password_is_another_wish() -> None:
    relay = Relay(host="smtp.example.com", password="one")
    digests = [
        replace(wanted(), relay=item).digest
        for item in (None, Relay(), relay, replace(relay, password="two"))
    ]
    assert len(set(digests)) == 4


def test_a_plain_connection_is_called_what_magento_calls_it() -> None:
    spelled = {
        encryption: mailing(Relay(host="a", encryption=encryption), "a@b.de")["system/smtp/ssl"]
        for encryption in Encryption
    }
    assert spelled == {"none": "none", "starttls": "tls", "tls": "ssl"}
