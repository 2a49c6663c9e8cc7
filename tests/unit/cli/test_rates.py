"""`storectl rates`: what is printed, what is sent, and the exit codes."""

from tests.unit.cli.fake_control_plane import FakeApi
from tests.unit.cli.runner import Storectl


def test_get_shows_the_rates_and_what_waits(connected: Storectl) -> None:
    outcome = connected("rates", "get")
    assert outcome.code == 0
    lines = [line.split() for line in outcome.out.splitlines()]
    assert outcome.out.startswith("Set 7: one EUR by ecb; business days behind: 0\n")
    assert ["TRY", "40", "2026-11-19", "60", "(50.00", "%)"] in lines
    assert ["USD", "1.0857", "2026-11-20"] in lines


def test_get_with_json_prints_the_resource_alone(connected: Storectl, api: FakeApi) -> None:
    outcome = connected("rates", "get", "-o", "json")
    assert outcome.json == api.rates.resource()
    assert connected("rates", "get", "-o", "name").out == "7\n"


def test_a_source_that_fails_is_told_in_words(connected: Storectl, api: FakeApi) -> None:
    params = {"source": "ecb", "detail": "HTTP 503"}
    api.rates.error = {"code": "rates_unavailable", "params": params, "message": "m"}
    out = connected("rates", "get").out
    assert "! The source of exchange rates “ecb” does not answer: HTTP 503" in out
    api.rates.error = {"code": "of_tomorrow", "params": {}, "message": "Said tomorrow."}
    assert "! Said tomorrow." in connected("rates", "get").out


def test_without_rates_it_says_so(connected: Storectl, api: FakeApi) -> None:
    api.rates.there = False
    outcome = connected("rates", "get")
    assert outcome.code == 0
    assert outcome.err == "There are no exchange rates yet.\n"


def test_refresh_waits_until_the_source_was_asked(connected: Storectl, api: FakeApi) -> None:
    outcome = connected("rates", "refresh", "-o", "json")
    assert outcome.code == 0
    assert outcome.json["status"]["sources"][0]["checkedAt"] == "2026-11-20T15:01:00.000Z"
    assert connected("rates", "refresh", "--no-wait").code == 0
    assert api.rates.asked == 2


def test_refresh_without_a_source_says_so(connected: Storectl, api: FakeApi) -> None:
    api.rates.source = "none"
    outcome = connected("rates", "refresh")
    assert outcome.code == 0
    assert "No source of exchange rates is set" in outcome.err


def test_approve_names_the_set_that_was_seen(connected: Storectl, api: FakeApi) -> None:
    moved = connected("rates", "approve", "6")
    assert moved.code == 5
    assert "others by now (set 7)" in moved.err
    assert connected("rates", "approve", "7").out.startswith("Set 8:")
    api.rates.held = True
    assert connected("rates", "approve").code == 0
    assert not api.rates.held


def test_status_counts_stores(connected: Storectl, api: FakeApi) -> None:
    rows = [line.split() for line in connected("rates", "status").out.splitlines()]
    assert rows[1:] == [["failed", "1"], ["has", "the", "newest", "rates", "12"]]
    api.rates.stores = {}
    assert "No store was looked at yet." in connected("rates", "status").err


def test_status_of_a_store_shows_its_rates(connected: Storectl) -> None:
    out = connected("rates", "status", "acme").out
    assert out.startswith("acme: failed\n")
    assert "! Nobody says the exchange rate of EUR/BGN, so that the currency waits." in out
    lines = [line.split() for line in out.splitlines()]
    assert ["EUR/USD", "1.0857"] in lines
    assert ["EUR/TRY", "40", "a", "newer", "one", "waits", "for", "approval"] in lines
    assert ["EUR/BGN", "–", "nobody", "says", "it"] in lines
    assert connected("rates", "status", "acme", "-o", "json").json["metadata"]["name"] == "acme"
