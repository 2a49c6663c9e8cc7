"""The smallest unit of each currency, as ISO 4217 and the shops count it.

CLDR counts otherwise where small coins went out of use: it has no decimals for the dinar of Serbia.
"""

from decimal import Decimal
from typing import Final

_DECIMALS: Final = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),  # noqa: SIM905
    "CLF": 4,
    "UYW": 4,
}


def decimals(currency: str) -> int:
    """How many decimals an amount of a currency has."""
    return _DECIMALS.get(currency, 2)


def cent(currency: str) -> Decimal:
    """The smallest amount of a currency."""
    return Decimal(1).scaleb(-decimals(currency))
