"""Currencies: codes, decimal places, rounding, conversion and starter prices.

The tables are ISO 4217's, kept here because reading CLDR costs a quarter of the start-up time.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# Magento's, old ones included: whether a currency is money today is not the shop's to judge.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZM AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BUK
    BWP BYN BZD CAD CDF CHE CHF CHW CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR
    FJD FKP GBP GEK GEL GHS GIP GMD GNF GQE GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD
    JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LSM LTL LVL LYD MAD MDL MGA MKD
    MMK MNT MOP MRO MUR MVR MWK MXN MYR MZN NAD NGN NIC NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RHD ROL RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLL SOS SRD STD SVC SYP SZL THB
    TJS TMM TND TOP TRL TRY TTD TWD TZS UAH UGX USD UYU UZS VEB VEF VND VUV WST XCD XOF XPF YER YTL
    ZAR ZMK ZWD
    """.split()  # noqa: SIM905 - a table reads better as text
)
NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
THREE_DECIMALS = frozenset(
    "BHD IQD JOD KWD LYD OMR TND".split()  # noqa: SIM905
)
# What one euro is roughly worth: good enough to make a starter price look like a price.
STARTER_FACTORS: dict[str, int | str] = {
    "AED": 4, "ALL": 100, "AMD": 420, "ARS": 1500, "BDT": 130, "BGN": 2, "BHD": "0.4", "BRL": 6,
    "CLP": 1000, "CNY": 8, "COP": 4500, "CRC": 580, "CZK": 25, "DKK": "7.5", "DZD": 150,
    "DOP": 70, "EGP": 53, "ETB": 160, "GEL": 3, "GHS": 13, "GTQ": 9, "HKD": 9, "HNL": 30,
    "HUF": 400, "IDR": 18000, "ILS": 4, "INR": 95, "IQD": 1500, "ISK": 150, "JMD": 180,
    "JOD": "0.8", "JPY": 150, "KES": 150, "KHR": 4600, "KRW": 1600, "KWD": "0.35", "KZT": 600,
    "LAK": 25000, "LBP": 100000, "LKR": 340, "MAD": 11, "MKD": 60, "MMK": 2400, "MNT": 4000,
    "MUR": 53, "MXN": 20, "MYR": 5, "NGN": 1700, "NOK": 12, "NPR": 155, "OMR": "0.45", "PEN": 4,
    "PHP": 65, "PKR": 320, "PLN": 4, "PYG": 8000, "QAR": 4, "RON": 5, "RSD": 117, "RUB": 95,
    "RWF": 1650, "SAR": 4, "SEK": 11, "THB": 38, "TND": "3.4", "TRY": 48, "TWD": 36, "TZS": 2800,
    "UAH": 48, "UGX": 4100, "UYU": 46, "UZS": 14000, "VND": 29000, "XAF": 650, "XOF": 650,
    "ZAR": 20, "ZMW": 27,
}  # fmt: skip


def precision(currency: str) -> int:
    """Return how many decimal places the currency is written with."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's smallest unit, as a till does."""
    return amount.quantize(Decimal(1).scaleb(-precision(currency)), ROUND_HALF_UP)


def convert(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return an amount of the base currency in another one."""
    return rounded(amount * rate, currency)


def starter_price(euros: Decimal, currency: str) -> Decimal:
    """Return a believable price in this currency for something of about so many euros."""
    factor = Decimal(STARTER_FACTORS.get(currency, 1))
    if factor == 1:
        return rounded(euros, currency)
    amount = euros * factor
    two_digits = Decimal(1).scaleb(amount.adjusted() - 1)
    return rounded(amount.quantize(two_digits, ROUND_HALF_UP), currency)


def decimal(value: object) -> Decimal | None:
    """Read a finite number that is not absurdly long; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite() or abs(amount.adjusted()) > 15 or len(amount.as_tuple().digits) > 24:
        return None
    return amount
