"""What sources say, read strictly; what becomes of it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from zlib import compress

import pytest
from pydantic import SecretStr

from controller.commerce.rate_formats import MalformedError, ecb, frankfurter, openexchangerates
from controller.commerce.rate_sources import LARGEST, FileSource, WebSource, source
from controller.commerce.rates import Answer, Policy, judge, moved
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.rates import RatesRefusedError, RatesStaleError, RatesUnavailableError
from controller.domain.rates import Quote, QuoteSet

FRIDAY = date(2026, 11, 20)
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


def envelope(cubes: str, *, head: str = "", day: str = "2026-11-20") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube><Cube time='{day}'>{cubes}</Cube></Cube>
</gesmes:Envelope>""".encode()


def cube(code: str, rate: str) -> str:
    return f"<Cube currency='{code}' rate='{rate}'/>"


GOOD = envelope(cube("USD", "1.0857") + cube("JPY", "163.01"))


def test_the_ecbs_xml_is_read_to_the_last_digit() -> None:
    found = ecb(envelope(cube("USD", "1.08570000000000001") + cube("JPY", "163.01")))
    assert (found.base, found.as_of) == ("EUR", FRIDAY)
    assert found.rates == {"USD": Decimal("1.08570000000000001"), "JPY": Decimal("163.01")}


BOMB = """<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>"""
BAD_XML = {
    "nothing": b"",
    "no XML": b"<html><body>503",
    "half of it": GOOD[:-40],
    "no rates": envelope(""),
    "no day": GOOD.replace(b"time=", b"tide="),
    "no such day": envelope(cube("USD", "1"), day="2026-02-30"),
    "two days": GOOD.replace(b"</Cube></Cube>", b"</Cube><Cube time='2026-11-19'/></Cube>"),
    "zero": envelope(cube("USD", "0")),
    "zero with places": envelope(cube("USD", "0.0000")),
    "negative": envelope(cube("USD", "-1.08")),
    "not a number": envelope(cube("USD", "NaN")),
    "infinite": envelope(cube("USD", "Infinity")),
    "a word": envelope(cube("USD", "N/A")),
    "no number at all": envelope("<Cube currency='USD'/>"),
    "no currency": envelope("<Cube rate='1.0'/>"),
    "a comma": envelope(cube("USD", "1,08")),
    "other digits": envelope(cube("USD", "١")),
    "huge": envelope(cube("USD", "1e999")),
    "long": envelope(cube("USD", "1." + "0" * 60)),
    "small letters": envelope(cube("usd", "1.08")),
    "twice": envelope(cube("USD", "1.08") + cube("USD", "1.09")),
    "another base": envelope(cube("EUR", "0.92") + cube("USD", "1")),
    "entities": envelope(cube("USD", "1.08"), head=BOMB),
    "an entity for a rate": envelope(
        cube("USD", "&x;"), head='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
}


@pytest.mark.parametrize("raw", BAD_XML.values(), ids=BAD_XML)
def test_xml_that_cannot_be_used_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        ecb(raw)


def test_a_code_that_nobody_knows_is_left_out_and_named() -> None:
    found = ecb(envelope(cube("USD", "1.08") + cube("QQQ", "2")))
    assert (found.rates, found.ignored) == ({"USD": Decimal("1.08")}, ("QQQ",))


def test_frankfurters_json_is_read_exactly() -> None:
    text = '{"amount":1.0,"base":"EUR","date":"2026-11-20","rates":{"USD":1.1,"VND":2.8e4}}'
    found = frankfurter(text.encode())
    assert (found.base, found.as_of) == ("EUR", FRIDAY)
    assert found.rates == {"USD": Decimal("1.1"), "VND": Decimal("2.8e4")}


def test_open_exchange_rates_json_is_read_with_its_own_base() -> None:
    said = {
        "timestamp": 1795186800,
        "base": "USD",
        "rates": {"EUR": 0.92, "USD": 1, "BTC": 1.6e-05},
    }
    found = openexchangerates(json.dumps(said).encode())
    assert (found.base, found.as_of) == ("USD", date(2026, 11, 20))
    assert found.rates == {"EUR": Decimal("0.92")}
    assert found.ignored == ("BTC",)


def fine(**changes: Any) -> dict[str, Any]:
    said = {"amount": 1.0, "base": "EUR", "date": "2026-11-20", "rates": {"USD": 1.08}}
    return {**said, **changes}


BAD_JSON: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<html>",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "failure with 200": json.dumps(fine(success=False)).encode(),
    "an error": json.dumps(fine(error={"code": 104, "type": "quota"})).encode(),
    "zero": json.dumps(fine(rates={"USD": 0})).encode(),
    "negative": json.dumps(fine(rates={"USD": -1.08})).encode(),
    "not a number": b'{"base":"EUR","date":"2026-11-20","rates":{"USD":NaN}}',
    "infinite": b'{"base":"EUR","date":"2026-11-20","rates":{"USD":Infinity}}',
    "beyond all": b'{"base":"EUR","date":"2026-11-20","rates":{"USD":1e99999999999999999999}}',
    "digits without end": b'{"base":"EUR","date":"2026-11-20","rates":{"USD":%s}}' % (b"9" * 9000),
    "null": json.dumps(fine(rates={"USD": None})).encode(),
    "true": json.dumps(fine(rates={"USD": True})).encode(),
    "an object": json.dumps(fine(rates={"USD": {"rate": 1}})).encode(),
    "no rates": json.dumps(fine(rates={})).encode(),
    "rates in a list": json.dumps(fine(rates=[1])).encode(),
    "another base": json.dumps(fine(base="USD", rates={"USD": 1.08})).encode(),
    "no base": json.dumps(fine(base=None)).encode(),
    "an unknown base": json.dumps(fine(base="QQQ")).encode(),
    "a hundred units": json.dumps(fine(amount=100)).encode(),
    "no day": json.dumps(fine(date="today")).encode(),
    "twice": b'{"base":"EUR","date":"2026-11-20","rates":{"USD":1.08,"USD":1.09}}',
}


@pytest.mark.parametrize("raw", BAD_JSON.values(), ids=BAD_JSON)
def test_json_that_cannot_be_used_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        frankfurter(raw)


@pytest.mark.parametrize("stamp", [None, "now", -1, 0, 1e9, 1 << 40])
def test_a_time_that_cannot_be_is_refused(stamp: Any) -> None:
    said = {"timestamp": stamp, "base": "USD", "rates": {"EUR": 0.92}}
    with pytest.raises(MalformedError):
        openexchangerates(json.dumps(said).encode())


def test_what_a_source_says_about_its_failure_is_passed_on() -> None:
    said = {"error": True, "status": 401, "message": "invalid_app_id"}
    with pytest.raises(MalformedError, match="invalid_app_id"):
        openexchangerates(json.dumps(said).encode())


# --- judging --------------------------------------------------------------------------------------


def answer(as_of: date = FRIDAY, base: str = "EUR", **rates: str) -> Answer:
    found = {code: Decimal(rate) for code, rate in rates.items()}
    return Answer(provider="ecb", base=base, as_of=as_of, rates=found)


def in_force(as_of: date = date(2026, 11, 19), base: str = "EUR", **rates: str) -> QuoteSet:
    return QuoteSet(
        id=3,
        provider="ecb",
        base=base,
        as_of=as_of,
        fetched_at=SATURDAY,
        quotes={code: Quote(rate=Decimal(rate), as_of=as_of) for code, rate in rates.items()},
    )


POLICY = Policy(max_age=3, max_move=Decimal(10))


def test_the_first_answer_is_taken() -> None:
    quotes = judge(answer(USD="1.08"), None, SATURDAY, POLICY)
    assert quotes == {"USD": Quote(rate=Decimal("1.08"), as_of=FRIDAY)}


def test_the_same_again_is_nothing_new() -> None:
    assert judge(answer(USD="1.08"), in_force(FRIDAY, USD="1.08"), SATURDAY, POLICY) is None
    # The same rates of a newer day are new: they are younger.
    assert judge(answer(USD="1.08"), in_force(USD="1.08"), SATURDAY, POLICY) is not None


@pytest.mark.parametrize(
    ("rate", "held"),
    [("1.1", False), ("0.9", False), ("1.1001", True), ("0.8999", True), ("1000", True)],
)
def test_a_quote_that_moved_too_far_waits_and_the_others_go_ahead(rate: str, held: bool) -> None:
    quotes = judge(answer(USD=rate, GBP="0.85"), in_force(USD="1", GBP="0.84"), SATURDAY, POLICY)
    assert quotes is not None
    assert quotes["GBP"] == Quote(rate=Decimal("0.85"), as_of=FRIDAY)
    old = Quote(rate=Decimal(1), as_of=date(2026, 11, 19), held=Decimal(rate))
    assert quotes["USD"] == (old if held else Quote(rate=Decimal(rate), as_of=FRIDAY))


def test_a_quote_that_waits_is_judged_by_the_last_accepted_one() -> None:
    first = judge(answer(USD="2"), in_force(USD="1"), SATURDAY, POLICY)
    assert first is not None
    last = QuoteSet(
        id=4, provider="ecb", base="EUR", as_of=FRIDAY, fetched_at=SATURDAY, quotes=first
    )
    again = judge(answer(USD="2.1"), last, SATURDAY, POLICY)
    assert again is not None
    assert (again["USD"].rate, again["USD"].held) == (Decimal(1), Decimal("2.1"))
    back = judge(answer(USD="1.05"), last, SATURDAY, POLICY)
    assert back == {"USD": Quote(rate=Decimal("1.05"), as_of=FRIDAY)}


def test_another_base_is_compared_across() -> None:
    last = in_force(USD="1.25", GBP="0.8")
    fine = judge(answer(base="USD", EUR="0.79", GBP="0.64"), last, SATURDAY, POLICY)
    assert fine is not None
    assert not any(quote.held for quote in fine.values())
    jump = judge(answer(base="USD", EUR="0.8", GBP="640"), last, SATURDAY, POLICY)
    assert jump is not None
    assert jump["GBP"] == Quote(rate=Decimal("0.64"), as_of=last.as_of, held=Decimal(640))


def test_a_withdrawn_currency_is_gone_from_the_new_set() -> None:
    quotes = judge(answer(USD="1.08"), in_force(USD="1.08", BGN="1.9558"), SATURDAY, POLICY)
    assert quotes is not None
    assert set(quotes) == {"USD"}


@pytest.mark.parametrize(
    ("as_of", "kind"),
    [
        (date(2026, 11, 23), RatesRefusedError),
        (date(2026, 11, 18), RatesRefusedError),
        (date(2026, 11, 1), RatesRefusedError),
    ],
    ids=["of the future", "older than ours", "much older than ours"],
)
def test_a_day_that_cannot_be_is_refused(as_of: date, kind: type[StoreControllerError]) -> None:
    with pytest.raises(kind):
        judge(answer(as_of, USD="1.08"), in_force(USD="1.08"), SATURDAY, POLICY)


def test_an_answer_that_is_too_old_is_refused_by_business_days() -> None:
    # Friday's are as fresh as can be at the weekend; the limit is three business days.
    tuesday, monday = date(2026, 11, 17), date(2026, 11, 16)
    assert judge(answer(tuesday, USD="1"), None, SATURDAY, POLICY)
    with pytest.raises(RatesStaleError) as stale:
        judge(answer(monday, USD="1"), None, SATURDAY, POLICY)
    assert stale.value.params["days"] == 4


def test_a_move_is_counted_from_the_last_quote() -> None:
    assert moved(Decimal(2), Decimal(3)) == 50
    assert moved(Decimal(2), Decimal(1)) == 50


# --- sources --------------------------------------------------------------------------------------


@contextmanager
def serving(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[Any]]]:
    """A server that always answers the same, and the headers of what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


def fetch(where: Any) -> Answer:
    found: Answer = asyncio.run(where.fetch())
    return found


def test_a_source_on_the_web_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(200, GOOD) as (url, asked):
        found = source("ecb", url=url)
        assert found is not None
        assert fetch(found).provider == "ecb"
    assert "Authorization" not in asked[0]


def test_the_key_goes_into_a_header_and_only_to_whom_it_belongs() -> None:
    said = json.dumps({"timestamp": 1795186800, "base": "USD", "rates": {"EUR": 0.92}}).encode()
    with serving(200, said) as (url, asked):
        found = source("openexchangerates", url=url, app_id=SecretStr("the-key"))
        assert fetch(found).base == "USD"
        other = source("frankfurter", url=url, app_id=SecretStr("the-key"))
        with pytest.raises(RatesRefusedError):
            fetch(other)
    assert [headers.get("Authorization") for headers in asked] == ["Token the-key", None]
    assert not any("the-key" in str(headers.get("Referer")) for headers in asked)


PACKED = compress(b" " * (LARGEST * 4), 9)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (503, b"", {}, RatesUnavailableError),
        (429, b"{}", {}, RatesUnavailableError),
        (401, b"{}", {}, RatesRefusedError),
        (302, b"", {"Location": "http://169.254.169.254/"}, RatesRefusedError),
        (200, b"<html>", {}, RatesRefusedError),
        (200, b" " * (LARGEST + 1), {}, RatesRefusedError),
        (200, PACKED, {"Content_Encoding": "deflate"}, RatesRefusedError),
        (200, b"no", {"Content_Encoding": "gzip"}, RatesUnavailableError),
    ],
    ids=["down", "busy", "wrong key", "sent on", "a page", "too long", "packed bomb", "garbage"],
)
def test_a_source_that_does_not_deliver_is_told(
    status: int, body: bytes, headers: dict[str, str], kind: type[StoreControllerError]
) -> None:
    with serving(status, body, **headers) as (url, _), pytest.raises(kind) as refused:
        fetch(WebSource("ecb", url, ecb, timeout=10))
    assert refused.value.params["source"] == "ecb"


def test_a_source_that_nobody_serves_is_unavailable() -> None:
    with serving(200, b"") as (url, _):
        pass
    with pytest.raises(RatesUnavailableError):
        fetch(WebSource("ecb", url, ecb, timeout=10))
    with pytest.raises(RatesUnavailableError):
        fetch(WebSource("ecb", "no address", ecb, timeout=10))


def test_a_file_is_a_source_in_either_form(tmp_path: Path) -> None:
    path = tmp_path / "rates"
    for raw in (GOOD, b"\xef\xbb\xbf\n" + GOOD.partition(b"?>")[2], json.dumps(fine()).encode()):
        path.write_bytes(raw)
        assert fetch(source("file", url=str(path))).rates["USD"] > 1
        assert fetch(source("file", url=f"file://{path}")).provider == "file"


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(RatesUnavailableError, match="No such file"):
        fetch(FileSource(tmp_path / "none"))
    path = tmp_path / "rates"
    path.write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(RatesRefusedError, match="too long"):
        fetch(FileSource(path))


def test_none_is_no_source() -> None:
    assert source("none") is None
