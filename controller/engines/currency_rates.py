"""Exchange rates as the Bridge speaks them: `bridge` sends one shop's, `jobs` everybody's."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import SettingsRefusedError, WrongShopError
from controller.domain.rates import Rate
from controller.engines.answers import ShopAnswerError
from controller.engines.rest import reading

PATH = "/all/V1/storecontroller/currency-rates"
_CLOSE_ENOUGH = Decimal("1e-9")
"""By what share of a rate a shop's answer may differ: it counts in floats."""
_LEAST = Decimal("1e-12")


def payload(rates: Sequence[Rate]) -> bytes:
    """The body of a PUT, with each rate's digits as they are: a JSON library would make floats."""
    rows = ",".join(
        f'{{"from":"{rate.source}","to":"{rate.target}","rate":{_plain(rate.rate)}}}'
        for rate in rates
    )
    return f'{{"rates":[{rows}]}}'.encode()


def check_kept(rates: Sequence[Rate], answer: Any) -> None:
    """Raise SettingsRefusedError unless the answer to the PUT says that the shop has these."""
    with reading("currency-rates"):
        kept = {(row["from"], row["to"]): Decimal(str(row["rate"])) for row in answer}
    lost = [rate for rate in rates if not _same(kept.get((rate.source, rate.target)), rate)]
    if lost:
        pairs = ", ".join(f"{rate.source}/{rate.target}" for rate in lost[:5])
        raise SettingsRefusedError(detail=f"it keeps other rates than were sent: {pairs}")


def refusal(error: ShopAnswerError, endpoint: str) -> StoreControllerError:
    """What a refusal of the PUT means: whatever answers 404 there does not know the Bridge."""
    return WrongShopError(endpoint=endpoint) if error.status == 404 else error.refusal


def _plain(rate: Decimal) -> str:
    """A rate without exponent and without zeros at its end."""
    return format(rate.normalize(), "f")


def _same(kept: Decimal | None, rate: Rate) -> bool:
    return kept is not None and abs(kept - rate.rate) <= max(rate.rate * _CLOSE_ENOUGH, _LEAST)
