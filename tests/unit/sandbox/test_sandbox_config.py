"""Settings of the sandbox shop: scopes, validation, batches, drift."""

import contextlib
import hmac
import sqlite3
from pathlib import Path

import pytest

from sandbox import changes, config, hosts, manifest, query, topology
from sandbox.database import FIRST_SCHEMA, SCHEMA_VERSION, open_database
from sandbox.errors import ConflictError, InvalidError
from sandbox.items import Item
from sandbox.shop import Shop, lock
from sandbox.structure import FIELDS, backend_refusal, refusal
from sandbox.topology import Node


def apply(shop: Shop, *items: Item, revision: int = 1, dry_run: bool = False) -> dict[str, object]:
    return changes.apply(shop, items, revision, dry_run=dry_run, replace_managed=False)


def problem(path: str, value: str) -> str | None:
    return refusal(path, FIELDS[path], value) or backend_refusal(FIELDS[path], value)


def second_website(shop: Shop) -> None:
    topology.apply(
        shop.db,
        [
            Node(type="website", code="mx"),
            Node(type="group", code="mx_group", parent_code="mx"),
            Node(type="store", code="mx_es", parent_code="mx_group"),
        ],
    )


def test_a_view_inherits_from_its_website_and_that_from_the_default(shop: Shop) -> None:
    second_website(shop)
    path = "payment/checkmo/title"
    apply(
        shop,
        Item(path=path, value="everywhere"),
        Item(path=path, value="in Mexico", scope="websites", scope_code="mx"),
    )
    settings = config.load(shop.db)
    mx, default = topology.find_view(shop.db, "mx_es"), topology.default_view(shop.db)
    assert mx is not None
    assert settings.at(mx, path) == "in Mexico"
    assert settings.at(default, path) == "everywhere"

    apply(shop, Item(path=path, value="in Spanish", scope="stores", scope_code="mx_es"))
    assert config.load(shop.db).at(mx, path) == "in Spanish"

    apply(shop, Item(path=path, inherit=True, scope="stores", scope_code="mx_es"))
    assert config.load(shop.db).at(mx, path) == "in Mexico"


def test_a_website_has_its_own_base_currency_only_when_prices_are_per_website(shop: Shop) -> None:
    second_website(shop)
    own = Item(path="currency/options/base", value="MXN", scope="websites", scope_code="mx")
    with pytest.raises(InvalidError) as refused:
        apply(shop, own)
    assert "catalog/price/scope" in str(refused.value.errors)
    mx = topology.find_view(shop.db, "mx_es")
    assert mx is not None
    apply(shop, own, Item(path="catalog/price/scope", value="1"))
    assert config.load(shop.db).base_currency(mx.website_id) == "MXN"
    apply(shop, Item(path="catalog/price/scope", value="0"))
    assert config.load(shop.db).base_currency(mx.website_id) == "USD"


@pytest.mark.parametrize(
    ("path", "value", "fine"),
    [
        pytest.param("carriers/flatrate/price", "7.50", True, id="a number"),
        pytest.param("carriers/flatrate/price", "abc", False, id="no number"),
        pytest.param("carriers/flatrate/price", "-1", False, id="negative"),
        pytest.param("carriers/flatrate/price", "NaN", False, id="not a number"),
        pytest.param("carriers/flatrate/price", "1e400", False, id="absurd number"),
        pytest.param("payment/checkmo/min_order_total", "", True, id="no minimum"),
        pytest.param("carriers/flatrate/type", "Q", False, id="unknown option"),
        pytest.param("currency/options/base", "XXX", False, id="unknown currency"),
        pytest.param("currency/options/allow", "EUR,USD", True, id="several options"),
        pytest.param("currency/options/allow", "EUR,,USD", False, id="an empty option"),
        pytest.param("general/locale/code", "de_DE", True, id="locale"),
        pytest.param("general/locale/code", "xx_YY", False, id="unknown locale"),
        pytest.param("general/locale/code", "../../x", False, id="locale with path tricks"),
        pytest.param("general/locale/timezone", "Europe/Berlin", True, id="time zone"),
        pytest.param("general/locale/timezone", "Mars/Base", False, id="unknown time zone"),
        pytest.param("general/locale/timezone", "../etc/passwd", False, id="zone with path tricks"),
        pytest.param("general/country/default", "EG", True, id="country"),
        pytest.param("general/country/default", "", False, id="a country is needed"),
        pytest.param("web/unsecure/base_url", "https://a.example/", True, id="base URL"),
        pytest.param("web/unsecure/base_url", "notaurl", False, id="no URL"),
        pytest.param("web/unsecure/base_url", "javascript:alert(1)/", False, id="no web URL"),
        pytest.param("trans_email/ident_general/email", "a@b.example", True, id="e-mail"),
        pytest.param("trans_email/ident_general/email", "nobody", False, id="no e-mail"),
        pytest.param("carriers/ups/password", "******", False, id="asterisks"),
        pytest.param("general/store_information/name", "<svg onload=x>", True, id="any text"),
        pytest.param("general/store_information/name", "x" * 5000, False, id="too long"),
    ],
)
def test_a_value_must_be_one_that_the_setting_can_have(path: str, value: str, fine: bool) -> None:
    assert (problem(path, value) is None) == fine


@pytest.mark.parametrize("path", [path for path, field in FIELDS.items() if field.default])
def test_first_values_are_valid(path: str) -> None:
    assert problem(path, FIELDS[path].default or "") is None


def test_one_bad_item_leaves_everything_as_it_was(shop: Shop) -> None:
    with pytest.raises(InvalidError) as refused:
        apply(
            shop,
            Item(path="general/store_information/name", value="New"),
            Item(path="nope/nope/nope", value="1"),
        )
    assert refused.value.errors is not None
    assert len(refused.value.errors) == 1
    assert config.load(shop.db).value("general/store_information/name") == ""
    assert manifest.load(shop.db).revision == 0


def test_contradicting_settings_are_rolled_back_as_a_whole(shop: Shop) -> None:
    with pytest.raises(InvalidError):
        apply(
            shop,
            Item(path="general/store_information/name", value="New"),
            Item(path="currency/options/allow", value="EUR"),
        )
    assert config.load(shop.db).value("general/store_information/name") == ""


def test_the_same_batch_again_changes_nothing(shop: Shop) -> None:
    items = [
        Item(path="carriers/ups/password", value="secret"),
        Item(path="carriers/flatrate/price", value="7"),
    ]
    first, second = apply(shop, *items), apply(shop, *items)
    assert (first["changed"], second["changed"], second["unchanged"]) == (2, 0, 2)
    assert first["checksum"] == second["checksum"]


def test_a_dry_run_says_what_would_change_and_changes_nothing(shop: Shop) -> None:
    answer = apply(shop, Item(path="carriers/flatrate/price", value="7"), dry_run=True)
    assert (answer["applied"], answer["changed"], answer["revision"]) == (False, 1, 0)
    assert config.load(shop.db).value("carriers/flatrate/price") == "5.00"


def test_an_older_revision_is_refused(shop: Shop) -> None:
    apply(shop, revision=5)
    with pytest.raises(ConflictError):
        apply(shop, revision=4)


def test_settings_that_are_not_given_any_more_go_back_when_asked(shop: Shop) -> None:
    apply(shop, Item(path="carriers/flatrate/price", value="7"))
    answer = changes.apply(shop, [], 2, dry_run=False, replace_managed=True)
    assert answer["changed"] == 1
    assert config.load(shop.db).value("carriers/flatrate/price") == "5.00"


def test_a_query_says_what_was_applied_and_where_a_value_comes_from(shop: Shop) -> None:
    price, kind = Item(path="carriers/flatrate/price"), Item(path="carriers/flatrate/type")
    apply(shop, Item(path="carriers/flatrate/price", value="7"))
    shop.db.execute("UPDATE config SET value = '9'")
    first, second = query.query(shop, [price, kind])
    assert (first["value"], first["source"]) == ("9", "database")
    assert (first["managed"], first["applied"]) == (True, "7")
    assert (second["managed"], second["source"]) == (False, "inherited")
    assert second["options"] == ["O", "I"]
    assert "applied" not in second


def test_a_secret_is_told_apart_by_its_fingerprint(shop: Shop) -> None:
    item = Item(path="carriers/ups/password")
    assert "fingerprint" not in query.query(shop, [item])[0]
    apply(shop, Item(path="carriers/ups/password", value="s3cr3t"))
    answer = query.query(shop, [item])[0]
    expected = hmac.new(b"u", b"s3cr3t", "sha256").hexdigest()[:16]
    assert (answer["fingerprint"], answer["applied_fingerprint"]) == (expected, expected)
    assert "applied" not in answer


@pytest.mark.parametrize(
    ("item", "status"),
    [
        pytest.param(Item(path="payment/stripe_payments/active"), "error", id="no such module"),
        pytest.param(
            Item(path="carriers/ups/active", scope="websites", scope_code="x"),
            "no_scope",
            id="no such website",
        ),
    ],
)
def test_a_query_for_what_is_not_there_is_no_error(shop: Shop, item: Item, status: str) -> None:
    assert query.query(shop, [item])[0]["status"] == status


def test_what_the_release_fixes_cannot_be_changed(shop: Shop) -> None:
    lock(shop.db, {"carriers/flatrate/price": "3"})
    with pytest.raises(InvalidError) as refused:
        apply(shop, Item(path="carriers/flatrate/price", value="7"))
    assert "env.php" in str(refused.value.errors)
    answer = query.query(shop, [Item(path="carriers/flatrate/price")])[0]
    assert (answer["value"], answer["source"], answer["locked"]) == ("3", "deployment", True)


@pytest.mark.parametrize(
    ("host", "website"),
    [
        ("us.localhost:8080", "mx"),
        ("US.localhost:8080", "mx"),
        ("us.localhost", None),
        ("127.0.0.1:8080", None),
        ("", None),
        ("[", None),
    ],
)
def test_a_website_answers_at_the_host_of_its_own_address(
    shop: Shop, host: str, website: str | None
) -> None:
    second_website(shop)
    url = "http://us.localhost:8080/"
    apply(shop, Item(path="web/unsecure/base_url", value="http://127.0.0.1:8080/"))
    apply(
        shop,
        Item(path="web/unsecure/base_url", value=url, scope="websites", scope_code="mx"),
    )
    found = hosts.website_at(config.load(shop.db), host)
    known = dict(shop.db.execute("SELECT id, code FROM website").fetchall())
    assert (known[found] if found else None) == website


def test_a_data_file_of_the_first_release_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as old:
        for statement in FIRST_SCHEMA:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
    with contextlib.closing(open_database(path)) as db:
        assert db.execute("SELECT COUNT(*) FROM tax_class").fetchone()[0] == 2
        assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION


def test_a_secret_is_neither_stored_in_clear_nor_shown(shop: Shop) -> None:
    apply(shop, Item(path="carriers/ups/password", value="s3cr3t"))
    stored = shop.db.execute("SELECT value FROM config").fetchone()[0]
    assert "s3cr3t" not in stored
    assert query.query(shop, [Item(path="carriers/ups/password")])[0]["value"] == "******"


def test_a_change_behind_the_back_is_named(shop: Shop) -> None:
    apply(
        shop,
        Item(path="carriers/flatrate/price", value="7"),
        Item(path="carriers/ups/password", value="s3cr3t"),
    )
    assert manifest.drift(shop, manifest.load(shop.db))[1] == []
    shop.db.execute("UPDATE config SET value = '1' WHERE path = 'carriers/flatrate/price'")
    checksum, drifted = manifest.drift(shop, manifest.load(shop.db))
    assert drifted == ["default||carriers/flatrate/price"]
    assert checksum != manifest.load(shop.db).checksum


def test_topology_is_made_once_and_found_again(shop: Shop) -> None:
    node = Node(type="store", code="de", name="Deutsch", parent_code="main_website_store")
    first, again = topology.apply(shop.db, [node]), topology.apply(shop.db, [node])
    assert (first[0]["status"], again[0]["status"]) == ("created", "unchanged")
    assert first[0]["id"] == again[0]["id"]
    renamed = Node(type="store", code="de", name="German", parent_code="main_website_store")
    assert topology.apply(shop.db, [renamed])[0]["status"] == "updated"
