"""A store's specification in the shop's own terms: websites, languages and configuration settings.

The names are Magento's, which the sandbox shop shares. `bridge` writes these and compares them.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from controller.domain.mail import PASSWORD, Relay
from controller.domain.sealing import fingerprint
from controller.domain.store import MAIN_SITE, Site, Store, spec_to_json
from controller.engines import gateways
from controller.engines.fields import ABILITIES, METHODS, RULES, Rule, contact, mailing

_GROUP = "main_website_store"
_DEFAULT_VIEW = "default"
LONGEST_CODE = 32
"""Characters of a website's, group's or view's code."""
_LONGEST_NAME = 64
"""Characters of a website's name."""
_CONTACT = "contact.email"
_EDITION = 3
"""Raised when the same specification becomes other settings, so that every shop gets them."""
_APART = ("labels", "expiresAt", "drift", "engine")
"""What a shop is not told."""


def _same(_country: str, code: str) -> str:
    return code


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One value at one scope."""

    field: str
    """The field of the specification that it comes from, such as `sites.us.payments`."""
    path: str
    value: str
    scope: str = "default"
    scope_code: str = ""
    secret: bool = False

    @property
    def key(self) -> str:
        """As the Bridge names it when it was changed behind our back."""
        return f"{self.scope}|{self.scope_code}|{self.path}"

    @property
    def item(self) -> dict[str, str]:
        """As the Bridge takes it."""
        return {**self.place, "value": self.value}

    @property
    def place(self) -> dict[str, str]:
        """Path and scope."""
        if self.scope == "default":
            return {"path": self.path}
        return {"path": self.path, "scope": self.scope, "scope_code": self.scope_code}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Everything that one store wants of its shop."""

    store: Store
    addresses: Mapping[str, str]
    """Where shoppers reach each website, by its code; the shop's own stay where none is said."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Of payment providers and carriers, by the names of `controller.domain.providers`."""
    shop: str = ""
    """The shop's instance uid, which fingerprints of secrets hang on."""
    relay: Relay | None = None
    """Where its mails go; None leaves that as it is in the shop."""

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The store's websites, the main one first."""
        return self.store.spec.websites

    @cached_property
    def views(self) -> dict[str, tuple[Site, str]]:
        """The code of every store view with its website and locale; defaults come first."""
        return {
            view_code(site, index): (site, locale)
            for site in self.sites
            for index, locale in enumerate(site.locales)
        }

    def nodes(self, stale: Mapping[str, str]) -> list[dict[str, Any]]:
        """Topology nodes; the views in `stale` (code to group) are switched off."""
        nodes: list[dict[str, Any]] = []
        for site in self.sites:
            name = website_name(site)
            group = {"code": group_code(site), "parent_code": site.code}
            nodes.append({"type": "website", "code": site.code, "name": name})
            nodes.append({"type": "group", "name": name, **group})
        order = list(self.views)
        for code, (site, locale) in self.views.items():
            place = {"parent_code": group_code(site), "sort_order": order.index(code)}
            nodes.append(
                {"type": "store", "code": code, "name": locale, "is_active": True, **place}
            )
        for code in sorted(stale):
            place = {"parent_code": stale[code], "sort_order": 99}
            nodes.append({"type": "store", "code": code, "name": code, "is_active": False, **place})
        return nodes

    @cached_property
    def uncertain(self) -> set[str]:
        """Paths that this shop may not have, to be asked for before anything is written."""
        return set().union(*(gateways.uncertain(site) for site in self.sites))

    def settings(
        self,
        known: Collection[str] = (),
        region: Callable[[str, str], str] = _same,
        *,
        tolerant: bool = False,
    ) -> list[Setting]:
        """Every setting, in an order in which each is valid after those before it.

        `known` are those of the `uncertain` paths that the shop has, `region` gives the shop's
        number of a country's region. Raises CapabilityMissingError and SecretMissingError unless
        it is tolerant of them.
        """
        found = []
        for site in self.sites:
            found += [*self._plain(site), *self._origin(site, region), *self._addresses(site)]
            found += self._providers(site, known, tolerant=tolerant)
        found += self._mailing()
        for code, (site, locale) in self.views.items():
            found.append(
                Setting(
                    field=named(site, "locales"),
                    path="general/locale/code",
                    value=ABILITIES.locale(locale),
                    scope="stores",
                    scope_code=code,
                )
            )
        return found

    def _plain(self, site: Site) -> Iterator[Setting]:
        for rule in rules(site):
            if rule.field == _CONTACT and self.relay is not None and self.relay.sender:
                # Relays take mails of the sender alone that they know.
                continue
            for path, value in rule.write(site, self.store).items():
                yield self._setting(site, rule.field, path, value)

    def _origin(self, site: Site, region: Callable[[str, str], str]) -> Iterator[Setting]:
        code = site.commerce.shipping.origin.region
        if code:
            number = region(site.country, code)
            yield self._setting(site, "shipping.origin", "shipping/origin/region_id", number)

    def _mailing(self) -> Iterator[Setting]:
        main, relay = self.sites[0], self.relay
        if relay is None:
            return
        for path, value in mailing(relay, relay.sender or contact(self.store)).items():
            yield self._setting(main, "mail", path, value)
        if relay.password:
            path = "system/smtp/password"
            yield self._setting(main, PASSWORD, path, relay.password, secret=True)

    def _addresses(self, site: Site) -> Iterator[Setting]:
        if site.code not in self.addresses:
            return
        base = self.addresses[site.code] + "/"
        secure = "1" if base.startswith("https:") else "0"
        for path, value in (
            ("web/unsecure/base_url", base),
            ("web/secure/base_url", base),
            ("web/secure/use_in_frontend", secure),
        ):
            yield self._setting(site, "url", path, value)

    def _providers(
        self, site: Site, known: Collection[str], *, tolerant: bool
    ) -> Iterator[Setting]:
        given = gateways.given(site, self.secrets, known, tolerant=tolerant)
        barred = gateways.barred(site, self.sites[0], self.secrets, known)
        for item in (*given, *barred):
            yield self._setting(site, item.field, item.path, item.value, secret=item.secret)

    def _setting(
        self, site: Site, name: str, path: str, value: str, *, secret: bool = False
    ) -> Setting:
        main = site.code == MAIN_SITE
        return Setting(
            field=named(site, name),
            path=path,
            value=value,
            scope="default" if main else "websites",
            scope_code="" if main else site.code,
            secret=secret,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides about the settings; secrets by their fingerprints."""
        spec = spec_to_json(self.store.spec)
        wanted = {
            "edition": _EDITION,
            "spec": {name: value for name, value in spec.items() if name not in _APART},
            "owner": self.store.owner,
            "addresses": dict(self.addresses),
            "secrets": {name: self.mark(secret) for name, secret in self.secrets.items()},
        }
        if self.relay is not None:
            wanted["relay"] = self.relay.digest
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()

    def mark(self, secret: str) -> str:
        """The fingerprint by which the shop tells that it holds a secret."""
        return fingerprint(secret, self.shop)


def rules(site: Site) -> Iterator[Rule]:
    """The rules that a website has."""
    return (rule for rule in RULES if site.code == MAIN_SITE or not rule.main_only)


def methods(site: Site) -> set[str]:
    """The codes of the payment methods that a website offers."""
    return {METHODS[payment] for payment in site.commerce.payments}


def view_code(site: Site, index: int) -> str:
    """The code of a website's store view; the default language's is the website's own."""
    locale = site.locales[index].lower()
    if site.code == MAIN_SITE:
        return _DEFAULT_VIEW if index == 0 else locale
    return site.code if index == 0 else f"{site.code}_{locale}"


def website_name(site: Site) -> str:
    """What the shop's administration calls a website: as much of its name as there is room for."""
    return site.display_name[:_LONGEST_NAME].strip()


def group_code(site: Site) -> str:
    """The code of a website's group of views."""
    return _GROUP if site.code == MAIN_SITE else f"{site.code}_group"


def named(site: Site, name: str) -> str:
    """The name of a website's field in the whole specification."""
    return name if site.code == MAIN_SITE else f"sites.{site.code}.{name}"
