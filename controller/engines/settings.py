"""A store's specification in the shop's own terms: websites, languages and configuration paths.

The names of paths and methods are Magento's, which the sandbox shop shares. `bridge` writes these.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from controller.domain.commerce import Payment
from controller.domain.store import Store

WEBSITE = "base"
_GROUP = "main_website_store"
_DEFAULT_VIEW = "default"

METHODS = {
    Payment.CHECK: "checkmo",
    Payment.BANK_TRANSFER: "banktransfer",
    Payment.CASH_ON_DELIVERY: "cashondelivery",
    Payment.PURCHASE_ORDER: "purchaseorder",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Everything that one store wants of its shop."""

    store: Store
    url: str

    @property
    def views(self) -> dict[str, str]:
        """The code of each language's store view with its locale; the default language first."""
        first, *others = self.store.spec.locales
        return {_DEFAULT_VIEW: first} | {locale.lower(): locale for locale in others}

    @property
    def methods(self) -> set[str]:
        """The codes of the payment methods to offer."""
        return {METHODS[payment] for payment in self.store.spec.commerce.payments}

    def nodes(self, present: set[str]) -> list[dict[str, Any]]:
        """Topology nodes; languages in `present` that are no longer wanted are switched off."""
        name = self.store.spec.display_name
        views = self.views
        return [
            {"type": "website", "code": WEBSITE, "name": name},
            {"type": "group", "code": _GROUP, "name": name, "parent_code": WEBSITE},
            *(
                {
                    "type": "store",
                    "code": code,
                    "name": views.get(code, code),
                    "parent_code": _GROUP,
                    "is_active": code in views,
                    "sort_order": list(views).index(code) if code in views else 99,
                }
                for code in [*views, *sorted(present - set(views))]
            ),
        ]

    @cached_property
    def items(self) -> list[dict[str, Any]]:
        """Configuration items, in an order in which each is valid after those before it."""
        spec, commerce = self.store.spec, self.store.spec.commerce
        allowed = dict.fromkeys((*commerce.currencies.allowed, commerce.currencies.default))
        base_url = self.url.rstrip("/") + "/"
        values = {
            "catalog/price/scope": "1",
            "currency/options/allow": ",".join(allowed),
            "currency/options/base": commerce.currencies.base,
            "currency/options/default": commerce.currencies.default,
            "general/country/default": spec.country,
            "general/locale/code": spec.locales[0],
            "general/locale/timezone": spec.timezone,
            "general/locale/weight_unit": spec.weight_unit,
            "general/store_information/name": spec.display_name,
            "general/store_information/country_id": spec.country,
            "trans_email/ident_general/name": spec.display_name,
            "trans_email/ident_general/email": self.store.owner,
            "trans_email/ident_sales/name": spec.display_name,
            "trans_email/ident_sales/email": self.store.owner,
            "shipping/origin/country_id": spec.country,
            "carriers/flatrate/active": "1",
            "carriers/flatrate/type": "O",
            "carriers/flatrate/price": str(commerce.flat_rate),
            "carriers/freeshipping/active": "0",
            # 1 shows prices without tax, 2 with it.
            "tax/display/type": "2" if commerce.prices_include_tax else "1",
            "web/unsecure/base_url": base_url,
            "web/secure/base_url": base_url,
            "web/secure/use_in_frontend": "1" if base_url.startswith("https:") else "0",
        }
        for method in METHODS.values():
            values[f"payment/{method}/active"] = "1" if method in self.methods else "0"
        items = [{"path": path, "value": value} for path, value in values.items()]
        for code, locale in self.views.items():
            item = {"path": "general/locale/code", "value": locale}
            items.append({**item, "scope": "stores", "scope_code": code})
        return items

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the items."""
        return hashlib.sha256(json.dumps(self.items, sort_keys=True).encode()).hexdigest()
