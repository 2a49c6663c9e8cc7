"""What a real Magento answered: each shop is asked the same again and must answer alike."""

import re

from tests.contract.client import SITE, Shop
from tests.contract.exchanges import (
    Exchange,
    Replay,
    config_items,
    differences,
    exchanges,
)

CONVERSATION = (
    "01-auth-admin-token",
    "05-bridge-topology",
    "06-bridge-config",
    "07-currency-rates",
    "08-guest-checkout",
    "09-core-writes-that-exist",
    "10-bridge-concurrency-drift",
)
# Answers that the contract improves on: a fault of the recorded server, in plain text.
IMPROVED = {("06-bridge-config", "wrong type")}
# What is not asked again: sign-in with passwords, other formats, other modules, background work.
ELSEWHERE = re.compile(
    r"/integration/admin/token|/V1/(?:bulk|modules|inventory/s|categories|cmsBlock|customers)"
    r"|/rest/async/|/V1/taxClasses"
)
# What a sandbox does not have: class names, versions and jobs of another program.
ABSENT = frozenset(
    {"backend_model", "magento_version", "edition", "php_version", "config_files_in_sync",
     "db_up_to_date", "cron_last_finished_at", "cron_lag_seconds", "cron_pending",
     "indexers_invalid", "caches_invalid", "caches_disabled"}
)  # fmt: skip


def asked_again(exchange: Exchange) -> bool:
    """Tell whether a recorded request is sent to the shops."""
    return (
        (exchange.recording, exchange.note) not in IMPROVED
        and exchange.headers["Accept"] == "application/json"
        and exchange.answer.status < 500
        and ELSEWHERE.search(exchange.path) is None
    )


def test_the_shop_answers_as_recorded(shop: Shop) -> None:
    conversation = [one for name in CONVERSATION for one in exchanges(name) if asked_again(one)]
    absent = ABSENT if shop.name == "sandbox" else frozenset()
    faults, compared = [], 0
    topology = next(one for one in conversation if one.note == "create")
    shop.send("PUT", "/all/V1/storecontroller/topology", topology.body)
    with shop.restoring(config_items(conversation)):
        replay = Replay(shop, conversation)
        for exchange in conversation:
            answer = replay.send(exchange)
            if answer.status != exchange.answer.status:
                faults.append(f"{exchange.title}: {answer.status} {str(answer.body)[:200]}")
                continue
            recorded = exchange.answer.body
            faults += [
                f"{exchange.title}{one}" for one in differences(recorded, answer.body, absent)
            ]
            compared += 1
    assert not faults, "\n".join(faults)
    assert compared > 115
    assert SITE in {one["code"] for one in shop.get("/V1/store/websites")}
