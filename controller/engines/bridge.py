"""A running shop that speaks Magento's REST API and the Bridge's: looked at, bound, configured.

The Magento and the sandbox engine use it. The contract is in docs/bridge.md, recorded exchanges
of a real Magento are in `tests/contracts`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.domain.errors.shops import SettingsRefusedError, WrongShopError
from controller.domain.mail import Relay
from controller.domain.rates import Rate
from controller.domain.store import Store
from controller.engines import currency_rates
from controller.engines.answers import ShopAnswerError
from controller.engines.base import ComparedField, LoginLink, Proof, ShopSeen, Written
from controller.engines.comparison import Comparison
from controller.engines.fields import CONDITIONS
from controller.engines.orders import OrderDesk
from controller.engines.regions import Regions
from controller.engines.rest import RestClient, reading
from controller.engines.settings import Setting, Wanted, named
from controller.engines.shopper import Shopper
from controller.engines.tables import Tables
from controller.engines.taxes import Taxes

TAX_RATES, TABLE_RATES, VIEW = "taxRates", "tableRates", "view"
"""What a store's status remembers of what was written beside the settings."""

_LOOK_SECONDS = 5.0
"""How long a shop may take to say how it is: two such waits, and a hung one is known."""

_LAGGING = "cron"
"""A check that says only that something is late: it keeps no shop from selling."""


class BridgeShop:
    """One shop on behalf of one store; `Shop` of `engines.base`."""

    def __init__(
        self,
        endpoint: str,
        store: Store,
        secrets: Mapping[str, str],
        providers: Mapping[str, str],
        addresses: Mapping[str, str],
        relay: Relay | None = None,
        *,
        trust: str = "",
    ) -> None:
        """As `Engine.shop` of `engines.base`."""
        self._endpoint = endpoint
        self._adopted = "instance_uid" in secrets
        self._uid = secrets.get("instance_uid", store.stack)
        self._store = store
        self._wanted = Wanted(
            store=store, addresses=addresses, secrets=providers, shop=self._uid, relay=relay
        )
        self._rest = RestClient(endpoint, secrets["access_token"], trust=trust)
        self._regions = Regions(self._rest)
        self._seen: ShopSeen | None = None
        self._known: set[str] | None = None

    @property
    def digest(self) -> str:
        """Of the settings that the store wants."""
        return self._wanted.digest

    def look(self) -> ShopSeen:
        """What is true now; raises WrongShopError when it is another stack's shop."""
        status = self._get("/all/V1/storecontroller/status", seconds=_LOOK_SECONDS)
        if not isinstance(status, dict) or status.get("instance_uid") != self._uid:
            raise WrongShopError(endpoint=self._endpoint)
        with reading("status"):
            self._seen = ShopSeen(
                uid=self._uid,
                bound=self._bound(set(status["views"])),
                revision=int(status["revision"]),
                checksum=str(status["applied_checksum"]),
                drift=tuple(str(item) for item in status["drift"]),
                failing={
                    str(check["name"]): str(check.get("detail") or "")[:200]
                    for check in status.get("checks") or ()
                    if not check["ok"] and check["name"] != _LAGGING
                },
            )
        return self._seen

    def _bound(self, active: set[str]) -> bool:
        """Whether every view that is wanted is on, and none that we made and nobody wants."""
        return set(self._wanted.views) <= active and not self._stale(active)

    def _stale(self, views: set[str]) -> set[str]:
        """Views to be switched off. A shop that somebody else runs has some that are not ours."""
        if self._adopted:
            config = self._store.status.config
            made = config.extras if config else ()
            views = {code for code in views if f"{VIEW}.{code}" in made}
        return views - set(self._wanted.views)

    def bind(self) -> int:
        """Make the websites and their languages."""
        self._check_identity()
        views = self._get("/all/V1/store/storeViews")
        groups = self._get("/all/V1/store/storeGroups")
        with reading("storeViews"):
            codes = {group["id"]: str(group["code"]) for group in groups}
            present = {
                str(view["code"]): codes[view["store_group_id"]]
                for view in views
                if view["code"] != "admin"
            }
        stale = {code: present[code] for code in self._stale(set(present))}
        nodes = {"nodes": self._wanted.nodes(stale)}
        self._rest.write("PUT", "/all/V1/storecontroller/topology", nodes)
        return len(self._wanted.views)

    def fields(self, keys: Collection[str]) -> dict[str, str]:
        """The field of each of these settings."""
        return {item.key: item.field for item in self._settings() if item.key in keys}

    def configure(
        self, rates: Sequence[Rate], *, spare: Collection[str] = (), whole: bool = True
    ) -> Written:
        """Write the settings, all or none, under a revision that is never older than the shop's."""
        seen = self._check_identity()
        settings = self._settings()
        spared = self._spared(settings, set(spare) & set(seen.drift))
        if not whole:
            return self._put(seen, [item for item in settings if item.key in seen.drift], spared)
        extras = self._write_tables()
        written = self._put(seen, settings, spared, replace=True)
        extras += self._write_taxes()
        self._write_rates(rates)
        extras += [f"{VIEW}.{code}" for code in self._wanted.views]
        return Written(
            checksum=written.checksum,
            changed=written.changed,
            count=written.count,
            extras=tuple(extras),
        )

    def compare(self) -> tuple[ComparedField, ...]:
        """Every field as wanted and as the shop has it."""
        seen = self._check_identity()
        settings = self._settings(tolerant=True)
        comparison = Comparison(self._wanted, settings, self._query(settings), set(seen.drift))
        return (*comparison.fields(), *self._compared_extras(comparison))

    def prove_selling(self, left: Collection[str] = ()) -> Proof:
        """Buy something as a guest on every website and cancel it; the main website's proof."""
        self._check_identity()
        main, *_ = [
            Shopper(self._rest, self._wanted, site, left).buy_and_cancel()
            for site in self._wanted.sites
        ]
        return main

    def prove_mailing(self, recipient: str) -> str:
        """Have it send a test mail; what the relay answered when it did not take it."""
        self._check_identity()
        body = {"recipient": recipient}
        try:
            done = self._rest.call("POST", "/all/V1/storecontroller/test-mail", body)
        except ShopAnswerError as error:
            return error.message[:500] or f"HTTP {error.status}"
        with reading("test-mail"):
            return "" if done["sent"] else str(done["detail"])[:500]

    def login_link(self) -> LoginLink:
        """Make a one-time link to the administration."""
        self._check_identity()
        link = self._rest.write("POST", "/all/V1/storecontroller/login-link", {"role": "owner"})
        with reading("login-link"):
            return LoginLink(
                url=str(link["url"]), expires_at=datetime.fromisoformat(link["expires_at"])
            )

    def orders(self) -> OrderDesk:
        """Its orders."""
        return OrderDesk(self._rest, self._store, self._check_identity)

    def close(self) -> None:
        """Close the connection."""
        self._rest.close()

    def _check_identity(self) -> ShopSeen:
        """Nothing is written to a shop that is not the expected one."""
        return self._seen or self.look()

    def _settings(self, *, tolerant: bool = False) -> list[Setting]:
        """The settings in the dialects that this shop speaks."""
        uncertain = self._wanted.uncertain
        if uncertain and self._known is None:
            answers = self._ask([{"path": path} for path in sorted(uncertain)])
            self._known = {
                str(answer["path"]) for answer in answers if answer.get("status") == "ok"
            }
        region = self._regions.number
        return self._wanted.settings(self._known or (), region, tolerant=tolerant)

    def _spared(self, settings: Sequence[Setting], keys: set[str]) -> set[str]:
        """Those that are wanted as they were last written: what a person set since stays."""
        chosen = [item for item in settings if item.key in keys]
        if not chosen:
            return set()
        answers = self._query(chosen)
        return {
            item.key
            for item, answer in zip(chosen, answers, strict=True)
            if _applied(item, answer, self._wanted)
        }

    def _put(
        self,
        seen: ShopSeen,
        settings: Sequence[Setting],
        spared: Collection[str],
        *,
        replace: bool = False,
    ) -> Written:
        items = [item.item for item in settings if item.key not in spared]
        # A manifest that is replaced loses what is not named: with anything spared it is kept.
        body = {
            "items": items,
            "revision": max(seen.revision, self._store.generation),
            "replaceManaged": replace and not spared,
        }
        try:
            done = self._rest.write("PUT", "/all/V1/storecontroller/config", body)
        except SettingsRefusedError as error:
            told = in_fields(str(error.params["detail"]), settings)
            raise SettingsRefusedError(detail=told) from error
        with reading("config"):
            changed = int(done["changed"])
            # Settings that are no longer wanted are given back, and count as changed.
            count = changed + int(done["unchanged"])
            return Written(checksum=str(done["checksum"]), changed=changed, count=count)

    def _write_tables(self) -> list[str]:
        """Table rates go first: a carrier that is on without them quotes nothing."""
        wanted = {
            site.code: table
            for site in self._wanted.sites
            if (table := site.commerce.shipping.table) is not None
        }
        tables = Tables(self._rest)
        for code, table in wanted.items():
            tables.write(code, CONDITIONS[table.by], table.rows)
        return [f"{TABLE_RATES}.{code}" for code in wanted]

    def _write_taxes(self) -> list[str]:
        rates = self._store.spec.tax_rates
        config = self._store.status.config
        if rates or (config is not None and TAX_RATES in config.extras):
            self._taxes().write(rates)
        return [TAX_RATES] if rates else []

    def _taxes(self) -> Taxes:
        """A shop that was configured before may have rules of priorities that are gone since."""
        together = any(rate.priority for rate in self._store.spec.tax_rates)
        return Taxes(self._rest, several=together or self._store.status.config is not None)

    def _write_rates(self, wanted: Sequence[Rate]) -> None:
        if not wanted:
            return
        try:
            kept = self._rest.call("PUT", currency_rates.PATH, currency_rates.payload(wanted))
        except ShopAnswerError as error:
            raise currency_rates.refusal(error, self._endpoint) from error
        currency_rates.check_kept(wanted, kept)

    def _compared_extras(self, comparison: Comparison) -> list[ComparedField]:
        found = []
        for site in self._wanted.sites:
            table = site.commerce.shipping.table
            if table is not None:
                rows = Tables(self._rest).read(site.code, CONDITIONS[table.by])
                name = named(site, "shipping.tableRates")
                found.append(comparison.table(name, table, rows))
        if self._store.spec.tax_rates:
            found.append(comparison.taxes(self._store.spec.tax_rates, self._taxes().read()))
        return found

    def _query(self, settings: Sequence[Setting]) -> list[dict[str, Any]]:
        return self._ask([item.place for item in settings])

    def _ask(self, places: list[dict[str, str]]) -> list[dict[str, Any]]:
        """What the shop knows about these paths, in their order."""
        found = self._rest.write("POST", "/all/V1/storecontroller/config/query", {"items": places})
        with reading("config/query"):
            answers = [dict(answer) for answer in found]
            if [answer["path"] for answer in answers] != [place["path"] for place in places]:
                raise ValueError("other settings than those asked for")
            return answers

    def _get(self, path: str, *, seconds: float | None = None) -> Any:
        try:
            return self._rest.call("GET", path, seconds=seconds)
        except ShopAnswerError as error:
            # Whatever answers here does not know the Bridge.
            if error.status == 404:
                raise WrongShopError(endpoint=self._endpoint) from error
            raise SettingsRefusedError(detail=error.message) from error


def in_fields(text: str, settings: Sequence[Setting]) -> str:
    """A shop's refusal with our fields in place of its own names of them."""
    for item in sorted(settings, key=lambda item: len(item.key), reverse=True):
        text = text.replace(item.key, item.field)
    for item in sorted(settings, key=lambda item: len(item.path), reverse=True):
        text = text.replace(item.path, item.field)
    return text


def _applied(item: Setting, answer: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether what is wanted is what was written last."""
    if item.secret:
        return bool(answer.get("applied_fingerprint") == wanted.mark(item.value))
    return bool(answer.get("applied") == item.value)
