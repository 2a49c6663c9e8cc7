"""The REST client towards shops that misbehave: each fault is one coded error, in bounded time."""

import socket
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from controller.domain.errors.shops import (
    SettingsRefusedError,
    ShopBusyError,
    ShopContendedError,
    ShopDeniedError,
    ShopFailingError,
    ShopForbiddenError,
    ShopRedirectsError,
    ShopUnreachableError,
    ShopUnreadableError,
)
from controller.engines.answers import ShopAnswerError
from controller.engines.rest import RestClient, reading
from tests.async_rest import Waiting
from tests.misbehaving_shop import (
    LIMIT,
    NO_RIGHT,
    PAGE,
    Answering,
    breaks,
    drips,
    says,
    shop,
    silent,
    whole,
)

SLACK = 2.0
"""Seconds by which a busy machine may be late."""
LONG = b"[" + b"0," * (3 * 1024 * 1024) + b"0]"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b'{"items": ['


Client = RestClient | Waiting
both = pytest.mark.parametrize("client", [RestClient, Waiting])
"""Whoever asks judges alike."""


@both
@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        pytest.param(silent, ShopUnreachableError, "no whole answer in 0.2 s", id="silence"),
        pytest.param(breaks(b""), ShopUnreachableError, "closed", id="hangs-up"),
        pytest.param(
            drips(b"HTTP/1.1 200 OK\r\nX-A: "), ShopUnreachableError, "0.2", id="drip-head"
        ),
        pytest.param(drips(CHUNKED + b"fffff\r\n"), ShopUnreachableError, "0.2", id="drip-chunk"),
        pytest.param(drips(HALF), ShopUnreachableError, "no whole answer", id="drip-body"),
        pytest.param(breaks(HALF), ShopUnreadableError, "broke off", id="half-by-length"),
        pytest.param(
            breaks(CHUNKED + b"64\r\n{"), ShopUnreadableError, "broke off", id="half-chunk"
        ),
        pytest.param(breaks(CHUNKED), ShopUnreadableError, "broke off", id="no-chunk"),
        pytest.param(
            breaks(b"\x16\x03\x01nonsense"), ShopUnreadableError, "not HTTP", id="not-http"
        ),
        pytest.param(says(whole(LONG)), ShopUnreadableError, "longer than", id="long"),
        pytest.param(
            breaks(b"HTTP/1.0 200 OK\r\n\r\n" + LONG), ShopUnreadableError, "longer", id="endless"
        ),
        pytest.param(
            says(whole(PAGE, kind="text/html")), ShopUnreadableError, "text/html", id="html"
        ),
        pytest.param(says(whole(b'{"a":')), ShopUnreadableError, "broken", id="broken-json"),
        pytest.param(says(whole(b'{"a": NaN}')), ShopUnreadableError, "broken", id="nan"),
        pytest.param(says(whole(b"[" * 100_000)), ShopUnreadableError, "broken", id="deep-json"),
        pytest.param(says(whole(b"\xff\xfe")), ShopUnreadableError, "broken", id="not-utf-8"),
        pytest.param(says(whole(b"null")), ShopUnreadableError, "broken", id="null"),
        pytest.param(
            says(whole(b'{"message":"Internal Error. Report ID: webapi-1"}', "500 Oops")),
            ShopFailingError,
            "Report ID: webapi-1",
            id="500-json",
        ),
        pytest.param(
            says(whole(PAGE, "503 Oops", "text/html")),
            ShopFailingError,
            "503 Service Unavailable",
            id="maintenance",
        ),
        pytest.param(
            says(whole(b"", "302 Found", Location="https://elsewhere.example/")),
            ShopRedirectsError,
            "elsewhere.example",
            id="redirect",
        ),
        pytest.param(says(whole(b"", "308 Oops")), ShopRedirectsError, "?", id="redirect-nowhere"),
        pytest.param(says(whole(PAGE, "401 No", "text/html")), ShopDeniedError, "", id="401-html"),
        pytest.param(says(whole(NO_RIGHT, "401 No")), ShopDeniedError, "expired", id="401-token"),
    ],
)
def test_a_fault_is_one_coded_error_in_time(
    answer: Answering, kind: type[ShopUnreachableError], told: str, client: Callable[..., Client]
) -> None:
    with shop(answer) as address, closing(client(address, "t", timeout=LIMIT)) as rest:
        began = time.monotonic()
        with pytest.raises(kind) as caught:
            rest.call("GET", "/V1/orders")
        assert time.monotonic() - began < LIMIT + SLACK
    assert type(caught.value) is kind
    assert told in str(caught.value)


@both
def test_nobody_there_is_unreachable(client: Callable[..., Client]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(ShopUnreachableError, match="refused"):
        client(address, timeout=LIMIT).call("GET", "/V1/orders")


@both
def test_a_missing_right_is_told_from_a_dead_token(client: Callable[..., Client]) -> None:
    def answer(peer: socket.socket, request: bytes) -> None:
        known = b"/V1/storecontroller/status" in request
        peer.sendall(whole(b"{}") if known else whole(NO_RIGHT, "401 No"))

    with shop(answer) as address:
        with (
            closing(client(address, "t", timeout=LIMIT)) as rest,
            pytest.raises(ShopForbiddenError, match="Magento_Sales::ship"),
        ):
            rest.call("POST", "/V1/order/1/ship", {})
        with (
            closing(RestClient(address, timeout=LIMIT)) as stranger,
            pytest.raises(ShopDeniedError),
        ):
            stranger.call("GET", "/V1/orders")


SOON = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)


@both
@pytest.mark.parametrize(
    ("status", "given", "seconds"),
    [
        pytest.param("429 Slow Down", "7", range(7, 8), id="seconds"),
        pytest.param("429 Slow Down", SOON, range(1, 91), id="date"),
        pytest.param("429 Slow Down", "Thu, 01 Jan 1970 00:00:00 GMT", range(1, 2), id="past"),
        pytest.param("429 Slow Down", "999999999999", range(3600, 3601), id="for-ever"),
        pytest.param("429 Slow Down", "later", range(30, 31), id="nonsense"),
        pytest.param("429 Slow Down", None, range(30, 31), id="not-said"),
        pytest.param("503 Busy", "5", range(5, 6), id="503-that-says-when"),
        pytest.param("503 Busy", "", range(30, 31), id="503-with-an-empty-answer"),
    ],
)
def test_a_busy_shop_says_when_to_come_again(
    status: str, given: str | None, seconds: range, client: Callable[..., Client]
) -> None:
    headers = {} if given is None else {"Retry_After": given}
    answer = says(whole(b"{}", status, **headers))
    with (
        shop(answer) as address,
        closing(client(address, timeout=LIMIT)) as rest,
        pytest.raises(ShopBusyError) as caught,
    ):
        rest.call("GET", "/V1/orders")
    assert caught.value.retry_after in seconds
    assert caught.value.params["retry_after"] == caught.value.retry_after


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            b'{"message":"%fieldName is missing, %1","parameters":{"fieldName":"a","1":"b"}}',
            "a is missing, b",
            id="named",
        ),
        pytest.param(
            b'{"message":"No.","errors":[{"message":"%1 is no %2","parameters":["x","y"]},7]}',
            "No.; x is no y",
            id="each-error",
        ),
        pytest.param(b'{"message":"No.","parameters":3,"errors":"?"}', "No.", id="odd-forms"),
        pytest.param(PAGE, "422 Unprocessable", id="page"),
        pytest.param(b"[]", "422 Unprocessable", id="list"),
    ],
)
@both
def test_a_refusal_carries_the_shops_own_words(
    body: bytes, told: str, client: Callable[..., Client]
) -> None:
    answer = says(whole(body, "422 No"))
    with (
        shop(answer) as address,
        closing(client(address, timeout=LIMIT)) as rest,
        pytest.raises(ShopAnswerError) as caught,
    ):
        rest.call("PUT", "/V1/orders", {})
    assert caught.value.message.startswith(told)
    assert isinstance(caught.value.refusal, SettingsRefusedError)
    assert told in str(caught.value.refusal)


def test_another_writer_is_waited_for() -> None:
    body = b'{"message":"Revision %1 is older than the applied revision %2.","parameters":[1,2]}'
    answer = says(whole(body, "409 No"))
    with (
        shop(answer) as address,
        closing(RestClient(address, timeout=LIMIT)) as rest,
        pytest.raises(ShopContendedError, match="1 is older than the applied revision 2"),
    ):
        rest.write("PUT", "/V1/storecontroller/config", {})


def test_a_connection_is_kept_and_made_anew_after_a_fault() -> None:
    callers: list[object] = []
    answers = iter([whole(b"[1]"), whole(b"[2]"), HALF, whole(b"[4]")])

    def answer(peer: socket.socket, _request: bytes) -> None:
        callers.append(peer)
        content = next(answers)
        peer.sendall(content)
        if content is HALF:
            peer.shutdown(socket.SHUT_RDWR)

    with shop(answer) as address, closing(RestClient(address, timeout=LIMIT)) as rest:
        assert rest.call("GET", "/V1/a") == [1]
        # Longer than one call may take: the limit is each call's own.
        time.sleep(LIMIT)
        assert rest.call("GET", "/V1/a") == [2]
        with pytest.raises(ShopUnreadableError):
            rest.call("GET", "/V1/a")
        assert rest.call("GET", "/V1/a") == [4]
    assert callers[0] is callers[1] is callers[2]
    assert callers[3] is not callers[0]


@both
def test_an_address_below_a_path_is_kept(client: Callable[..., Client]) -> None:
    asked: list[bytes] = []

    def answer(peer: socket.socket, request: bytes) -> None:
        asked.append(request.split(b" ")[1])
        peer.sendall(whole(b"{}"))

    with shop(answer) as address, closing(client(f"{address}/shop/", timeout=LIMIT)) as rest:
        rest.call("GET", "/V1/a")
    assert asked == [b"/shop/rest/V1/a"]


@pytest.mark.parametrize("found", [[], {}, 3, {"items": 3}, {"items": [{"qty": "x"}]}])
def test_json_of_another_form_is_unreadable(found: object) -> None:
    with pytest.raises(ShopUnreadableError, match="orders: "), reading("orders"):
        assert quantities(found)


def quantities(found: Any) -> list[float]:
    return [float(item["qty"]) for item in found["items"]]
