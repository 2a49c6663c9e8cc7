"""A running shop that speaks Magento's REST API and the Bridge's: looked at, bound, configured.

The sandbox engine uses it. The recorded exchanges of a real Magento are in `tests/contracts`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controller.domain.errors import SettingsRefusedError, WrongShopError
from controller.domain.store import Store
from controller.engines.base import LoginLink, Proof, ShopSeen, Written
from controller.engines.rest import RestClient, ShopAnswerError
from controller.engines.settings import Wanted
from controller.engines.shopper import Shopper


class BridgeShop:
    """One shop on behalf of one store; `Shop` of `engines.base`."""

    def __init__(self, endpoint: str, store: Store, secrets: Mapping[str, str]) -> None:
        self._endpoint = endpoint
        self._stack = store.stack
        self._wanted = Wanted(store=store, url=endpoint)
        self._rest = RestClient(endpoint, secrets["access_token"])
        self._seen: ShopSeen | None = None

    @property
    def digest(self) -> str:
        """Of the settings that the store wants."""
        return self._wanted.digest

    def look(self) -> ShopSeen:
        """What is true now; raises WrongShopError when it is another stack's shop."""
        status = self._get("/all/V1/storecontroller/status")
        if status.get("instance_uid") != self._stack:
            raise WrongShopError(endpoint=self._endpoint)
        self._seen = ShopSeen(
            uid=self._stack,
            bound=set(status["views"]) == set(self._wanted.views),
            revision=int(status["revision"]),
            checksum=str(status["current_checksum"]),
            drift=tuple(str(item).rpartition("|")[2] for item in status["drift"]),
        )
        return self._seen

    def bind(self) -> int:
        """Make the website and its languages."""
        self._check_identity()
        views = self._get("/all/V1/store/storeViews")
        present = {view["code"] for view in views} - {"admin"}
        nodes = {"nodes": self._wanted.nodes(present)}
        self._rest.write("PUT", "/all/V1/storecontroller/topology", nodes)
        return len(self._wanted.views)

    def configure(self) -> Written:
        """Write the settings, all or none, under a revision that is never older than the shop's."""
        seen = self._check_identity()
        body = {
            "items": self._wanted.items,
            "revision": max(seen.revision, self._wanted.store.generation),
            "replaceManaged": True,
        }
        done = self._rest.write("PUT", "/all/V1/storecontroller/config", body)
        return Written(
            checksum=str(done["checksum"]),
            changed=int(done["changed"]),
            count=len(self._wanted.items),
        )

    def prove_selling(self) -> Proof:
        """Buy something as a guest and cancel it."""
        self._check_identity()
        return Shopper(self._rest, self._wanted).buy_and_cancel()

    def login_link(self) -> LoginLink:
        """Make a one-time link to the administration."""
        self._check_identity()
        link = self._rest.write("POST", "/all/V1/storecontroller/login-link", {"role": "owner"})
        return LoginLink(url=link["url"], expires_at=datetime.fromisoformat(link["expires_at"]))

    def close(self) -> None:
        """Close the connection."""
        self._rest.close()

    def _check_identity(self) -> ShopSeen:
        """Nothing is written to a shop that is not the expected one."""
        return self._seen or self.look()

    def _get(self, path: str) -> Any:
        try:
            return self._rest.call("GET", path)
        except ShopAnswerError as error:
            # Whatever answers here does not know the Bridge.
            if error.status == 404:
                raise WrongShopError(endpoint=self._endpoint) from error
            raise SettingsRefusedError(detail=error.message) from error
