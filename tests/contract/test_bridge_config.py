"""Contract of the Bridge: settings are written all or none, read back, and never tell a secret."""

import hmac
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.client import SITE, VIEW, Answer, Shop, here

CITY, POSTCODE = "general/store_information/city", "general/store_information/postcode"
SECRET = "carriers/ups/password"
ASTERISKS = "Magento ignores a value of asterisks."


def fresh() -> str:
    """Return a value that no shop has."""
    return uuid.uuid4().hex[:12]


def test_a_setting_is_written_once_and_read_back(shop: Shop) -> None:
    value = fresh()
    with shop.restoring([here(CITY)]):
        first = shop.apply(here(CITY, value))
        again = shop.apply(here(CITY, value))
        found = shop.query(here(CITY))[0]
    assert (first["applied"], first["changed"], first["unchanged"]) == (True, 1, 0)
    assert [one["status"] for one in first["results"]] == ["changed"]
    assert first["cleaned_caches"]
    assert (again["changed"], again["unchanged"], again["cleaned_caches"]) == (0, 1, [])
    assert first["checksum"] == again["checksum"]
    assert (found["status"], found["value"], found["source"]) == ("ok", value, "database")
    assert (found["managed"], found["applied"], found["locked"]) == (True, value, False)


def test_the_status_names_what_was_applied(shop: Shop) -> None:
    with shop.restoring([here(CITY)]):
        done = shop.apply(here(CITY, fresh()))
        status = shop.status()
    assert status["applied_checksum"] == status["current_checksum"] == done["checksum"]
    assert status["revision"] == done["revision"]
    assert status["drift"] == []


def test_a_dry_run_says_what_would_change_and_writes_nothing(shop: Shop) -> None:
    before = shop.status()
    answer = shop.apply(here(CITY, fresh()), {"path": "nope/nope/nope", "value": "1"}, dryRun=True)
    assert (answer["applied"], answer["changed"], answer["failed"]) == (False, 1, 1)
    assert [one["status"] for one in answer["results"]] == ["would_change", "error"]
    after = shop.status()
    assert [after[k] for k in ("revision", "applied_checksum", "current_checksum")] == [
        before[k] for k in ("revision", "applied_checksum", "current_checksum")
    ]
    assert "value" not in shop.query(here(CITY))[0]


def test_an_older_revision_is_refused(shop: Shop) -> None:
    revision = max(shop.status()["revision"], 1)
    shop.apply(here(CITY, inherit=True), revision=revision)
    answer = shop.put(here(CITY, fresh()), revision=revision - 1)
    assert answer.status == 409
    assert answer.said == (
        f"Revision {revision - 1} is older than the applied revision {revision}."
    )


BAD = [
    ({"path": "nope/nope/nope", "value": "1"}, 'Unknown path "nope/nope/nope".'),
    (
        {"path": "carriers/flatrate/price", "value": "abc"},
        '"carriers/flatrate/price" must be a number.',
    ),
    (
        {"path": "carriers/flatrate/type", "value": "Q"},
        '"Q" is not among the options of "carriers/flatrate/type".',
    ),
    (
        {"path": "general/locale/code", "value": "xx_YY"},
        '"xx_YY" is not among the options of "general/locale/code".',
    ),
    (
        {"path": "carriers/flatrate/price", "value": "1", "scope": "websites", "scope_code": "no"},
        (
            "The website with code no that was requested wasn't found. "
            "Verify the website and try again."
        ),
    ),
    (
        {"path": CITY, "value": "1", "scope": "galaxy", "scope_code": "x"},
        'Scope must be default, websites or stores, not "galaxy".',
    ),
    (
        {"path": CITY, "value": "1", "scope": "stores", "scope_code": VIEW},
        f'"{CITY}" cannot be set at scope "stores".',
    ),
    (
        {"path": CITY, "value": "1", "scope_code": "x"},
        'scope_code must be empty for scope "default".',
    ),
    (
        {"path": CITY, "value": "1", "scope": "websites"},
        'scope_code is required for scope "websites".',
    ),
    (
        {"path": CITY, "value": "1", "scope": "websites", "scope_code": "admin"},
        "The admin scope cannot be configured.",
    ),
    ({"path": "carriers/flatrate/handling_fee"}, "Give a value, or inherit."),
    ({"path": SECRET, "value": "******"}, ASTERISKS),
    (
        {"path": "carriers/ups/gateway_rest_url", "value": "https://ups.com.elsewhere.example/"},
        '"carriers/ups/gateway_rest_url" must be an https address in ups.com.',
    ),
    (
        here(SECRET, "s3cr3t "),
        f'"{SECRET}" cannot be "0", nor begin or end with a space.',
    ),
]


def test_every_bad_item_is_named_and_nothing_is_written(shop: Shop) -> None:
    good = here(CITY, fresh())
    answer = shop.put(good, *(item for item, _ in BAD), here(CITY, "again"))
    assert answer.status == 422
    assert answer.errors == [*(said for _, said in BAD), "Given twice."]
    assert (
        answer.said == f"{len(BAD) + 1} of {len(BAD) + 2} items are invalid; nothing was applied."
    )
    assert "value" not in shop.query(here(CITY))[0]


def test_a_value_that_the_shop_itself_refuses_takes_the_batch_with_it(shop: Shop) -> None:
    before = shop.status()
    answer = shop.put(here(CITY, fresh()), here("web/unsecure/base_url", "notaurl"))
    assert answer.status == 422
    assert answer.said == (
        "Invalid Base URL. Value must be a URL or one of placeholders: {{base_url}}"
    )
    assert answer.errors == [answer.said]
    assert answer.body["errors"][0]["parameters"]["path"] == "web/unsecure/base_url"
    assert "value" not in shop.query(here(CITY))[0]
    assert shop.status()["applied_checksum"] == before["applied_checksum"]


@pytest.mark.parametrize("revision", [-1, 2**31], ids=["negative", "the last one's successor"])
def test_a_revision_that_nobody_could_follow_is_refused(shop: Shop, revision: int) -> None:
    answer = shop.put(here(CITY, fresh()), revision=revision)
    assert (answer.status, answer.said) == (400, "The revision must be between 0 and 2147483647.")


def test_a_default_currency_must_be_allowed(shop: Shop) -> None:
    answer = shop.put(
        here("currency/options/allow", "EUR"), here("currency/options/default", "USD")
    )
    assert answer.status == 422
    assert "not available in allowed currencies" in answer.said


def test_a_website_keeps_its_own_money_only_with_its_own_prices(shop: Shop) -> None:
    price_scope = {"path": "catalog/price/scope", "value": "0"}
    answer = shop.apply(price_scope, here("currency/options/base", "MXN"), dryRun=True)
    assert [one["status"] for one in answer["results"]][1] == "error"
    assert "catalog/price/scope" in answer["results"][1]["message"]


def test_a_secret_is_never_told(shop: Shop) -> None:
    secret = f"s3cr3t-{fresh()}"
    with shop.restoring([here(SECRET)]):
        first = shop.put(here(SECRET, secret))
        again = shop.put(here(SECRET, secret))
        found = shop.query(here(SECRET))[0]
        listed = shop.call("GET", "/rest/V1/storecontroller/status")
        other = shop.apply(here(SECRET, f"{secret}!"))
    assert first.body["results"][0]["sensitive"] is True
    assert (first.body["changed"], again.body["changed"], other["changed"]) == (1, 0, 1)
    key = listed.body["instance_uid"].encode()
    expected = hmac.new(key, secret.encode(), "sha256").hexdigest()[:16]
    assert (found["value"], found["sensitive"]) == ("******", True)
    assert (found["fingerprint"], found["applied_fingerprint"]) == (expected, expected)
    assert "applied" not in found
    for answer in (first, again, Answer(status=200, body=found), listed):
        assert secret not in str(answer.body)


def test_what_is_taken_away_inherits_again(shop: Shop) -> None:
    path = "carriers/flatrate/price"
    shop.apply(here(path, "123.45"))
    assert shop.query(here(path))[0]["value"] == "123.45"
    shop.apply(here(path, inherit=True))
    found = shop.query(here(path))[0]
    assert found["source"] == "inherited"
    assert found["value"] == shop.value({"path": path})


def test_what_is_not_listed_any_more_is_let_go(shop: Shop) -> None:
    kept, dropped = here(CITY, fresh()), here(POSTCODE, fresh())
    shop.apply(kept, dropped)
    # Everything that was applied before stays on the list, so that a live shop loses nothing.
    would = shop.apply(dryRun=True, replaceManaged=True)
    listed = [
        {key: one[key] for key in ("path", "scope", "scope_code") if one.get(key)}
        for one in would["results"]
    ]
    assert here(POSTCODE) in listed
    mine = [one for one in listed if one["path"] not in (CITY, POSTCODE)]
    rest = [
        {**item, "value": found.get("value", "")}
        for item, found in zip(mine, shop.query(*mine), strict=True)
        if not found["sensitive"]
    ]
    try:
        done = shop.apply(kept, *rest, replaceManaged=True)
        assert [
            (one["path"], one["status"])
            for one in done["results"]
            if one.get("scope_code") == SITE and one["status"] == "reset"
        ] == [(POSTCODE, "reset")]
        found = shop.query(kept, dropped)
        assert [one["managed"] for one in found] == [True, False]
        assert [one["source"] for one in found] == ["database", "inherited"]
        again = shop.apply(kept, *rest, replaceManaged=True)
        assert (again["changed"], again["checksum"]) == (0, done["checksum"])
    finally:
        shop.apply(here(CITY, inherit=True))


def test_writers_at_once_do_not_mix(shop: Shop) -> None:
    revision = shop.status()["revision"]
    values = [fresh() for _ in range(4)]

    def write(value: str) -> Answer:
        with shop.again() as mine:
            return mine.put(here(CITY, value), here(POSTCODE, value), revision=revision)

    with shop.restoring([here(CITY), here(POSTCODE)]):
        with ThreadPoolExecutor(len(values)) as pool:
            answers = list(pool.map(write, values))
        city, postcode = (one["value"] for one in shop.query(here(CITY), here(POSTCODE)))
        checksum = shop.status()["applied_checksum"]
    written = {
        value: answer.body["checksum"]
        for value, answer in zip(values, answers, strict=True)
        if answer.status == 200
    }
    assert {answer.status for answer in answers} <= {200, 409}
    assert city == postcode
    assert written[city] == checksum


def test_a_question_about_what_is_not_there_is_no_error(shop: Shop) -> None:
    asked = [
        {"path": "nope/nope/nope"},
        {"path": CITY, "scope": "websites", "scope_code": "nowebsite"},
        {"path": CITY, "scope": "stores", "scope_code": "nostore"},
        {"path": "general/locale/timezone", "scope": "stores", "scope_code": VIEW},
    ]
    found = shop.query(*asked)
    assert [one["status"] for one in found] == ["error", "no_scope", "no_scope", "error"]
    assert found[0]["message"] == 'Unknown path "nope/nope/nope".'


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("payment/checkmo/active", {"0", "1"}),
        ("carriers/flatrate/type", {"O", "I"}),
        ("general/locale/weight_unit", {"lbs", "kgs"}),
        (
            "carriers/tablerate/condition_name",
            {"package_weight", "package_value_with_discount", "package_qty"},
        ),
        ("tax/display/type", {"1", "2", "3"}),
    ],
)
def test_a_setting_of_few_options_lists_them(shop: Shop, path: str, options: set[str]) -> None:
    assert set(shop.query({"path": path})[0]["options"]) == options
