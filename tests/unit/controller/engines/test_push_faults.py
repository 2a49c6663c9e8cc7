"""What a push of settings comes to when the shop misbehaves right then: one code, one request."""

import json
import socket
from contextlib import closing
from datetime import UTC, datetime

import pytest

from controller.domain.conditions import Desired, Phase
from controller.domain.errors.base import PermanentError, StoreControllerError
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
    WrongShopError,
)
from controller.domain.store import Store, StoreStatus
from controller.engines.bridge import BridgeShop
from controller.reconciler.outcome import Advanced, Failed, Waiting, attempt
from tests import factories
from tests.misbehaving_shop import (
    LIMIT,
    NO_RIGHT,
    PAGE,
    Answering,
    breaks,
    says,
    shop,
    silent,
    whole,
)

STATUS = {
    "instance_uid": "stack1",
    "views": ["default"],
    "revision": 3,
    "applied_checksum": "a",
    "current_checksum": "a",
    "drift": [],
}
INVALID = (
    b'{"message":"Some settings are not acceptable.","errors":'
    b'[{"message":"%1 has no option %2.","parameters":["currency/options/base","XYZ"]}]}'
)
STORE = Store(
    uid="store1",
    tenant="tenant1",
    owner="owner@example.com",
    stack="stack1",
    generation=1,
    desired=Desired.ACTIVE,
    spec=factories.spec(),
    status=StoreStatus(phase=Phase.READY),
    operation=None,
    created_at=datetime.now(UTC),
    updated_at=datetime.now(UTC),
)


def pushed(answer: Answering, *, uid: str = "stack1") -> tuple[object, list[str]]:
    """Push to a shop that is well until the settings come; return the outcome and the writes."""
    writes: list[str] = []

    def answering(peer: socket.socket, request: bytes) -> None:
        method, path, _ = request.split(b"\r\n")[0].decode().split(" ")
        if method == "GET":
            peer.sendall(whole(json.dumps({**STATUS, "instance_uid": uid}).encode()))
            return
        writes.append(f"{method} {path}")
        answer(peer, request)

    def push() -> Advanced:
        found.configure(())
        raise AssertionError("it went through")

    with shop(answering) as address:
        found = BridgeShop(address, STORE, {"access_token": "t"}, {}, {})
        with closing(found):
            return attempt(push), writes


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(silent, ShopUnreachableError, id="timeout"),
        pytest.param(breaks(b""), ShopUnreachableError, id="hangs-up"),
        pytest.param(
            breaks(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"),
            ShopUnreadableError,
            id="half",
        ),
        pytest.param(says(whole(PAGE, kind="text/html")), ShopUnreadableError, id="html"),
        pytest.param(says(whole(b'{"changed": 1}')), ShopUnreadableError, id="other-json"),
        pytest.param(says(whole(b"{}", "500 Oops")), ShopFailingError, id="500"),
        pytest.param(
            says(whole(PAGE, "503 Oops", "text/html")), ShopFailingError, id="maintenance"
        ),
        pytest.param(says(whole(b"{}", "429 Slow", Retry_After="9")), ShopBusyError, id="429"),
        pytest.param(says(whole(b"{}", "401 No")), ShopDeniedError, id="token-expired"),
        pytest.param(says(whole(b"{}", "409 No")), ShopContendedError, id="another-writer"),
        pytest.param(says(whole(NO_RIGHT, "401 No")), ShopForbiddenError, id="no-right"),
        pytest.param(
            says(whole(b"", "301 Moved", Location="https://a/")), ShopRedirectsError, id="redirect"
        ),
        pytest.param(says(whole(INVALID, "422 No")), SettingsRefusedError, id="refused"),
    ],
)
def test_a_push_ends_in_one_code_and_is_sent_once(
    answer: Answering, kind: type[StoreControllerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.engines.rest._WRITE_SECONDS", LIMIT)
    outcome, writes = pushed(answer)
    assert writes == ["PUT /rest/all/V1/storecontroller/config"]
    if issubclass(kind, PermanentError):
        assert isinstance(outcome, Failed)
        assert outcome.error.reason == kind.code
    else:
        assert isinstance(outcome, Waiting)
        assert outcome.note.reason == kind.__name__.removesuffix("Error")
        assert outcome.after == (9 if kind is ShopBusyError else 0)


def test_a_refusal_names_each_setting() -> None:
    outcome, _ = pushed(says(whole(INVALID, "422 No")))
    assert isinstance(outcome, Failed)
    assert "currencies.base has no option XYZ" in str(outcome.error.params["detail"])


def test_nothing_is_sent_to_another_shop() -> None:
    outcome, writes = pushed(says(whole(b"{}")), uid="somebody-elses")
    assert isinstance(outcome, Failed)
    assert outcome.error.reason == WrongShopError.code
    assert writes == []
