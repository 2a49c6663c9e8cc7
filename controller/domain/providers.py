"""What can be said about each payment method and carrier: its options and its secrets.

The API checks by this table, the command line lists it, an engine's adapter maps it to paths.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from controller.domain.commerce import OFFLINE, Carrier, Payment
from controller.domain.mail import PASSWORD
from controller.domain.store import Site


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a provider."""

    name: str
    secret: bool = False
    """Whether it is kept in the vault and never shown."""
    required: bool = False
    """Whether the provider cannot be offered without it."""
    choices: tuple[str, ...] = ()
    pattern: str = r"[^\x00-\x08\x0b-\x1f\x7f]{1,2000}"

    def accepts(self, value: str) -> bool:
        """Whether a value has the right form."""
        if self.choices:
            return value in self.choices
        return re.fullmatch(self.pattern, value) is not None


_MODE = Option(name="mode", choices=("test", "live"), required=True)
_SEEN = r"[^\s\x00-\x1f\x7f]"
_PASSWORD = rf"(?!0$|\*+$){_SEEN}(?:[^\x00-\x1f\x7f]{{0,198}}{_SEEN})?"
"""What Magento keeps as it is: it trims, and takes stars and a nought for nothing."""
_TOKEN = r"[!-~]{4,512}"  # noqa: S105 -- a form, not a token.


def _secret(name: str, pattern: str = _TOKEN) -> Option:
    return Option(name=name, secret=True, pattern=pattern)


PROVIDERS: Mapping[str, tuple[Option, ...]] = {
    Payment.BANK_TRANSFER: (Option(name="instructions"),),
    Payment.CHECK: (Option(name="payableTo"), Option(name="mailingAddress")),
    Payment.CASH_ON_DELIVERY: (Option(name="instructions"),),
    Payment.PURCHASE_ORDER: (),
    Payment.PAYPAL: (
        _MODE,
        Option(name="businessAccount", pattern=r"[^@\s]{1,64}@[^@\s]{1,190}"),
        _secret("apiUsername"),
        _secret("apiPassword"),
        _secret("apiSignature"),
    ),
    Payment.BRAINTREE: (
        _MODE,
        Option(name="merchantId", required=True, pattern=r"[A-Za-z0-9]{4,64}"),
        _secret("publicKey"),
        _secret("privateKey"),
    ),
    Payment.STRIPE: (
        _MODE,
        Option(name="publishableKey", required=True, pattern=r"pk_(test|live)_[A-Za-z0-9_]{8,250}"),
        _secret("secretKey", r"[sr]k_(test|live)_[A-Za-z0-9_]{8,250}"),
    ),
    Payment.ADYEN: (
        _MODE,
        Option(name="merchantAccount", required=True, pattern=r"[A-Za-z0-9_-]{2,80}"),
        Option(name="clientKey", required=True, pattern=r"(test|live)_[A-Z0-9]{8,80}"),
        Option(name="liveUrlPrefix", pattern=r"[A-Za-z0-9-]{2,80}"),
        _secret("apiKey"),
        _secret("hmacKey", r"[0-9A-Fa-f]{64}"),
    ),
    Carrier.UPS: (
        _MODE,
        Option(name="account", pattern=r"[A-Za-z0-9]{6}"),
        _secret("clientId"),
        _secret("clientSecret"),
    ),
    Carrier.FEDEX: (
        _MODE,
        _secret("account", r"[0-9]{9,12}"),
        _secret("apiKey"),
        _secret("secretKey"),
    ),
    # The last two of these and of DHL's are for older releases of Magento.
    Carrier.USPS: (
        _MODE,
        _secret("clientId"),
        _secret("clientSecret"),
        _secret("userId"),
        _secret("password"),
    ),
    Carrier.DHL: (
        _MODE,
        Option(name="account", pattern=r"[0-9]{6,12}"),
        _secret("apiKey"),
        _secret("apiSecret"),
        _secret("siteId"),
        _secret("password"),
    ),
}
"""By the name of the payment method or carrier."""


def options(provider: str) -> dict[str, Option]:
    """The options of a provider that are no secrets."""
    return {option.name: option for option in PROVIDERS[provider] if not option.secret}


def secrets(provider: str) -> dict[str, Option]:
    """Its secrets, by their names in the vault, such as `stripe.secretKey`."""
    return {f"{provider}.{option.name}": option for option in PROVIDERS[provider] if option.secret}


SECRETS: Mapping[str, Option] = {
    **{name: option for provider in PROVIDERS for name, option in secrets(provider).items()},
    PASSWORD: Option(name="password", secret=True, pattern=_PASSWORD),
}
"""Every secret that can be kept for a store."""


def mode_of(value: str) -> str | None:
    """The mode that a key says of itself, such as `test` of `pk_test_…`; None when it does not."""
    found = re.match(r"(?:[psr]k_)?(test|live)_", value)
    return found[1] if found else None


def gateway_names(site: Site) -> set[str]:
    """The providers of a website that may need secrets."""
    return {*(set(site.commerce.payments) - OFFLINE), *site.commerce.shipping.carriers}
