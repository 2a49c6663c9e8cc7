"""What payment providers and carriers need in Magento's configuration, by dialect.

The paths of a provider differ between releases and modules. A dialect is used when the running shop
knows all of its paths; versions are not guessed. `settings` calls this.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from controller.domain.commerce import OFFLINE, Carrier, Payment
from controller.domain.errors.shops import CapabilityMissingError, SecretMissingError
from controller.domain.store import MAIN_SITE, Site


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One way in which a provider is configured."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Path of each option."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Path of each secret; an option that may be left out ends in `?`."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Paths with the value that turns the provider on."""
    by_mode: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Paths with their value in test mode and in live mode."""
    modes: Mapping[str, str] = field(default_factory=dict)
    """What `{mode}` in a path becomes in test and in live mode."""

    def paths(self, mode: str) -> Iterator[str]:
        """Every path that the dialect writes."""
        written = (
            *self.fixed,
            *self.by_mode,
            *self.options.values(),
            *(path for name, path in self.secrets.items() if not name.endswith("?")),
        )
        return (self.path(path, mode) for path in written)

    def path(self, template: str, mode: str) -> str:
        """The path in a mode."""
        return template.replace("{mode}", self.modes.get(mode, mode))


DIALECTS: Mapping[str, tuple[Dialect, ...]] = {
    Payment.BANK_TRANSFER: (
        Dialect(options={"instructions": "payment/banktransfer/instructions"}),
    ),
    Payment.CHECK: (
        Dialect(
            options={
                "payableTo": "payment/checkmo/payable_to",
                "mailingAddress": "payment/checkmo/mailing_address",
            }
        ),
    ),
    Payment.CASH_ON_DELIVERY: (
        Dialect(options={"instructions": "payment/cashondelivery/instructions"}),
    ),
    Payment.PURCHASE_ORDER: (Dialect(),),
    Payment.PAYPAL: (
        Dialect(
            options={"businessAccount": "paypal/general/business_account"},
            secrets={
                "apiUsername": "paypal/wpp/api_username",
                "apiPassword": "paypal/wpp/api_password",
                "apiSignature": "paypal/wpp/api_signature",
            },
            by_mode={"paypal/wpp/sandbox_flag": ("1", "0")},
            fixed={"payment/paypal_express/active": "1"},
        ),
    ),
    Payment.BRAINTREE: (
        Dialect(
            options={"merchantId": "payment/braintree/{mode}merchant_id"},
            secrets={
                "publicKey": "payment/braintree/{mode}public_key",
                "privateKey": "payment/braintree/{mode}private_key",
            },
            by_mode={"payment/braintree/environment": ("sandbox", "production")},
            modes={"test": "sandbox_", "live": ""},
            fixed={"payment/braintree/active": "1"},
        ),
    ),
    Payment.STRIPE: (
        Dialect(
            options={"publishableKey": "payment/stripe_payments_basic/stripe_{mode}_pk"},
            secrets={"secretKey": "payment/stripe_payments_basic/stripe_{mode}_sk"},
            by_mode={"payment/stripe_payments_basic/stripe_mode": ("test", "live")},
            fixed={"payment/stripe_payments/active": "1"},
        ),
    ),
    Payment.ADYEN: (
        Dialect(
            options={
                "merchantAccount": "payment/adyen_abstract/merchant_account",
                "clientKey": "payment/adyen_abstract/client_key_{mode}",
                "liveUrlPrefix": "payment/adyen_abstract/live_endpoint_url_prefix",
            },
            secrets={
                "apiKey": "payment/adyen_abstract/api_key_{mode}",
                "hmacKey?": "payment/adyen_abstract/notification_hmac_key_{mode}",
            },
            by_mode={"payment/adyen_abstract/demo_mode": ("1", "0")},
            fixed={"payment/adyen_abstract/payment_methods_active": "1"},
        ),
    ),
    Carrier.UPS: (
        Dialect(
            options={"account": "carriers/ups/shipper_number"},
            secrets={"clientId": "carriers/ups/username", "clientSecret": "carriers/ups/password"},
            by_mode={"carriers/ups/is_account_live": ("0", "1")},
            fixed={"carriers/ups/type": "UPS_REST", "carriers/ups/active": "1"},
        ),
    ),
    Carrier.FEDEX: (
        Dialect(
            secrets={
                "account": "carriers/fedex/account",
                "apiKey": "carriers/fedex/api_key",
                "secretKey": "carriers/fedex/secret_key",
            },
            by_mode={"carriers/fedex/sandbox_mode": ("1", "0")},
            fixed={"carriers/fedex/active": "1"},
        ),
    ),
    Carrier.USPS: (
        Dialect(
            secrets={
                "clientId": "carriers/usps/client_id",
                "clientSecret": "carriers/usps/client_secret",
            },
            by_mode={"carriers/usps/mode": ("0", "1")},
            fixed={"carriers/usps/usps_type": "USPS_REST", "carriers/usps/active": "1"},
        ),
        Dialect(
            secrets={"userId": "carriers/usps/userid", "password": "carriers/usps/password"},
            by_mode={"carriers/usps/mode": ("0", "1")},
            fixed={"carriers/usps/active": "1"},
        ),
    ),
    Carrier.DHL: (
        Dialect(
            options={"account": "carriers/dhl/account"},
            secrets={"apiKey": "carriers/dhl/api_key", "apiSecret": "carriers/dhl/api_secret"},
            by_mode={"carriers/dhl/sandbox_mode": ("1", "0")},
            fixed={"carriers/dhl/type": "DHL_REST", "carriers/dhl/active": "1"},
        ),
        Dialect(
            options={"account": "carriers/dhl/account"},
            secrets={"siteId": "carriers/dhl/id", "password": "carriers/dhl/password"},
            by_mode={"carriers/dhl/sandbox_mode": ("1", "0")},
            fixed={"carriers/dhl/active": "1"},
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """One value for a provider."""

    field: str
    path: str
    value: str
    secret: bool = False


def providers(site: Site) -> dict[str, tuple[str, Mapping[str, str]]]:
    """What a website wants configured: each provider with its field and its options."""
    commerce = site.commerce
    found: dict[str, tuple[str, Mapping[str, str]]] = {
        str(payment): (f"gateways.{payment}", commerce.gateways.get(payment, {}))
        for payment in commerce.payments
    }
    for carrier, said in commerce.shipping.carriers.items():
        found[str(carrier)] = (f"shipping.carriers.{carrier}", said)
    return found


def uncertain(site: Site) -> set[str]:
    """Every path that a shop may or may not have, to be asked for before anything is written."""
    return {
        path
        for name, (_, said) in providers(site).items()
        if name not in OFFLINE
        for dialect in DIALECTS[name]
        for path in dialect.paths(said.get("mode", "live"))
    }


def given(
    site: Site, secrets: Mapping[str, str], known: Collection[str], *, tolerant: bool = False
) -> Iterator[Given]:
    """Every value for the website's providers; `known` are the paths that the shop has.

    Raises CapabilityMissingError when the shop has no dialect of a provider and SecretMissingError,
    unless it is tolerant of them: then the newest dialect stands for the missing one.
    """
    for name, (spelled, said) in providers(site).items():
        provider = _Provider(name, spelled, said, partial(_secret, name, site, secrets))
        spoken = provider.spoken(known)
        if spoken is None and not tolerant:
            raise CapabilityMissingError(capability=name)
        yield from provider.values(spoken or DIALECTS[name][0], tolerant=tolerant)


def barred(
    site: Site, main: Site, secrets: Mapping[str, str], known: Collection[str]
) -> Iterator[Given]:
    """What keeps a further website from offering what the main one offers: scopes inherit."""
    own = providers(site)
    for name, (spelled, said) in providers(main).items():
        if name in OFFLINE or name in own:
            continue
        provider = _Provider(name, spelled, said, partial(_secret, name, main, secrets))
        dialect = provider.spoken(known)
        for path in dialect.fixed if dialect else ():
            if path.endswith("active"):
                yield Given(field=spelled, path=path, value="0")


@dataclass(frozen=True)
class _Provider:
    """One provider as a website wants it."""

    name: str
    field: str
    said: Mapping[str, str]
    secret: Callable[[str], str | None]

    @property
    def mode(self) -> str:
        return self.said.get("mode", "live")

    def spoken(self, known: Collection[str]) -> Dialect | None:
        """The dialect that the shop speaks and whose secrets there are; else the newest it has."""
        dialects = DIALECTS[self.name]
        if self.name not in OFFLINE:
            dialects = tuple(d for d in dialects if all(p in known for p in d.paths(self.mode)))
        for dialect in dialects:
            if all(self.secret(key) for key in dialect.secrets if not key.endswith("?")):
                return dialect
        return dialects[0] if dialects else None

    def values(self, dialect: Dialect, *, tolerant: bool) -> Iterator[Given]:
        mode = self.mode
        for path, (test, live) in dialect.by_mode.items():
            value = test if mode == "test" else live
            yield Given(field=f"{self.field}.mode", path=path, value=value)
        for option, path in dialect.options.items():
            if option in self.said:
                name, value = f"{self.field}.{option}", self.said[option]
                yield Given(field=name, path=dialect.path(path, mode), value=value)
        for key, path in dialect.secrets.items():
            name, secret = f"{self.name}.{key.rstrip('?')}", self.secret(key)
            if secret:
                where = dialect.path(path, mode)
                yield Given(field=name, path=where, value=secret, secret=True)
            elif not key.endswith("?") and not tolerant:
                raise SecretMissingError(secret=name)
        # Turned on last: what it needs is there by then.
        for path, value in dialect.fixed.items():
            yield Given(field=self.field, path=path, value=value)


def _secret(name: str, site: Site, secrets: Mapping[str, str], key: str) -> str | None:
    """A website's own secret, else the store's."""
    plain = f"{name}.{key.rstrip('?')}"
    own = None if site.code == MAIN_SITE else secrets.get(f"sites.{site.code}.{plain}")
    return own or secrets.get(plain)
