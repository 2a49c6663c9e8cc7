"""The shops that the contract suite runs over: a sandbox always, a live one when it is named.

`MAGENTO_URL` and `MAGENTO_TOKEN` name a live Magento with the Bridge.
"""

import os
from collections.abc import Iterator

import pytest

from tests import sandbox_shop
from tests.contract.client import NODES, Shop

LIVE = os.environ.get("MAGENTO_URL", "")
NAMES = ["sandbox", "magento"] if LIVE else ["sandbox"]


@pytest.fixture(scope="module", params=NAMES)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Give a shop with the suite's own website in it."""
    if request.param == "magento":
        with Shop("magento", LIVE.rstrip("/"), os.environ["MAGENTO_TOKEN"]) as live:
            live.send("PUT", "/all/V1/storecontroller/topology", {"nodes": NODES})
            yield live
        return
    running = sandbox_shop.start(tmp_path_factory.mktemp("contract") / "shop")
    try:
        with Shop("sandbox", running.url, sandbox_shop.TOKEN) as made:
            made.send("PUT", "/all/V1/storecontroller/topology", {"nodes": NODES})
            yield made
        assert "Traceback" not in running.log()
    finally:
        sandbox_shop.stop(running)
