"""Our adapter over what a real Magento answered: it understands every recorded answer."""

import json
from decimal import Decimal

import pytest

from controller.domain.errors.shops import (
    SettingsRefusedError,
    ShopContendedError,
    ShopDeniedError,
    ShopForbiddenError,
    ShopUnreachableError,
    ShopUnreadableError,
    WrongShopError,
)
from controller.engines.answers import ShopAnswerError
from controller.engines.base import Standing
from controller.engines.bridge import BridgeShop
from controller.engines.rest import RestClient
from tests.contract import session
from tests.contract.client import CONFIG, filled
from tests.contract.exchanges import Exchange, exchanges, recordings
from tests.contract.replaying import serving

STATUS = "/rest/all/V1/storecontroller/status"


def outcome(endpoint: str, exchange: Exchange) -> object:
    """Return what the client makes of an exchange: the answer's JSON, or the error it raises."""
    client = RestClient(endpoint, "a-token", timeout=5)
    try:
        return client.call(exchange.method, exchange.path.removeprefix("/rest"), exchange.body)
    except (ShopAnswerError, ShopUnreachableError, ShopForbiddenError) as error:
        return error
    finally:
        client.close()


@pytest.mark.parametrize("recording", recordings())
def test_every_recorded_answer_is_understood(recording: str) -> None:
    recorded = [one for one in exchanges(recording) if one.path.startswith("/rest/")]
    for exchange in recorded:
        with serving([exchange]) as (endpoint, _):
            found = outcome(endpoint, exchange)
        body = exchange.answer.body
        match exchange.answer.status:
            case 200 | 202 if "json" in exchange.kind:
                assert found == body, exchange.title
            case 200:
                assert isinstance(found, ShopUnreadableError), exchange.title
            case 401:
                denied = ShopDeniedError | ShopForbiddenError
                assert isinstance(found, denied), exchange.title
            case status if status >= 500:
                assert isinstance(found, ShopUnreachableError), exchange.title
            case status:
                assert isinstance(found, ShopAnswerError), exchange.title
                assert found.status == status
                # Long lists of errors are cut; each placeholder is filled.
                assert found.message.startswith(filled(body)[:400]), exchange.title
                for error in body.get("errors", [])[:3]:
                    assert filled(error) in found.message, exchange.title


def test_a_missing_right_is_told_from_a_dead_token() -> None:
    recorded = exchanges("04-auth-integration")
    lacking = next(one for one in recorded if one.note == "Bearer, resource not granted")
    known = next(one for one in exchanges("06-bridge-config") if one.path == STATUS)
    with serving([lacking, known]) as (endpoint, _):
        found = outcome(endpoint, lacking)
    assert isinstance(found, ShopForbiddenError)
    assert "Magento_Backend::store" in str(found.params)
    with serving([lacking]) as (endpoint, _):
        assert isinstance(outcome(endpoint, lacking), ShopDeniedError)


def test_the_adapter_brings_a_store_through_a_recorded_session() -> None:
    with serving(exchanges(session.RECORDING)) as (endpoint, recorded):
        done = session.run(endpoint, "a-token")
    assert recorded.unknown == [], "the adapter asks otherwise: python -m tests.contract.record"
    assert done.views == 2
    assert done.written.checksum == done.after.checksum
    assert done.after.bound
    assert done.after.drift == ()
    assert (done.proof.total, done.proof.currency) == (Decimal("5.90"), "USD")
    standing = {field.field: field.standing for field in done.fields}
    for name in ("currencies.base", "payments", "shipping.flatRate", "sites.mx.payments"):
        assert standing[name] is Standing.SAME, name


def test_refused_settings_are_told_in_the_shops_own_words() -> None:
    recorded = exchanges("06-bridge-config")
    invalid = next(one for one in recorded if one.note.startswith("invalid items"))
    refused = next(one for one in recorded if one.note.startswith("backend model"))
    older = next(one for one in recorded if one.answer.status == 409)
    for exchange, kind, said in (
        (invalid, SettingsRefusedError, '"carriers/flatrate/price" must be a number.'),
        (refused, SettingsRefusedError, "Invalid Base URL."),
        (older, ShopContendedError, "Revision 0 is older than the applied revision 1."),
    ):
        with serving([exchange]) as (endpoint, _):
            client = RestClient(endpoint, "a-token", timeout=5)
            with pytest.raises(kind) as caught:
                client.write("PUT", CONFIG.removeprefix("/rest"), {})
            client.close()
        assert said in str(caught.value.params["detail"])


@pytest.mark.parametrize("change", [{"instance_uid": "another"}, {"instance_uid": None}])
def test_nothing_is_written_to_another_shop(change: dict[str, str | None]) -> None:
    recorded = exchanges(session.RECORDING)
    status = next(one for one in recorded if one.path == STATUS)
    status.answer.body.update(change)
    with serving([status]) as (endpoint, seen):
        secrets = {"access_token": "a-token", "instance_uid": session.UID}
        shop = BridgeShop(endpoint, session.store(), secrets, {}, {})
        for attempt in (shop.look, shop.bind, shop.compare, shop.prove_selling):
            with pytest.raises(WrongShopError):
                attempt()
        with pytest.raises(WrongShopError):
            shop.configure(())
        shop.close()
    assert seen.unknown == []


def test_no_recording_holds_a_token() -> None:
    for name in recordings():
        for exchange in exchanges(name):
            token = exchange.headers.get("Authorization", "").removeprefix("Bearer ")
            assert token[:1] in ("", "{", "O") or token.startswith("bogus"), exchange.title
            assert "BEGIN" not in json.dumps(exchange.body)
