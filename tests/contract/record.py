"""`python -m tests.contract.record`: let the adapter loose on a live Magento and keep all of it.

`MAGENTO_URL` and `MAGENTO_TOKEN` name the shop. Run it again when the adapter asks otherwise.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from controller.engines import wire
from tests.contract import session
from tests.contract.exchanges import DIRECTORY

KEPT = ("Content-Type", "Retry-After", "Location")


def main() -> int:
    """Write the recording; return the exit status."""
    url, token = os.environ["MAGENTO_URL"].rstrip("/"), os.environ["MAGENTO_TOKEN"]
    exchanges: list[dict[str, Any]] = []
    send = wire.Wire.exchange

    def exchange(
        self: wire.Wire,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        seconds: float,
    ) -> wire.Answer:
        answer = send(self, method, path, content, headers, seconds=seconds)
        text = answer.body.decode()
        shown = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        exchanges.append(
            {
                "note": "",
                "request": {
                    "method": method,
                    "path": path,
                    "headers": {
                        "Accept": "application/json",
                        "Authorization": "Bearer {INTEGRATION_TOKEN}",
                    },
                    "body": json.loads(content) if content else None,
                },
                "response": {"status": answer.status, "headers": shown, "body": json.loads(text)},
            }
        )
        return answer

    wire.Wire.exchange = exchange  # type: ignore[method-assign]
    outcome = session.run(url, token)
    content = {
        "scenario": session.RECORDING,
        "description": "All that the controller's adapter asks of a shop of two websites.",
        "exchanges": exchanges,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False).replace(token, "{TOKEN}")
    path = DIRECTORY / f"{session.RECORDING}.json"
    path.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(exchanges)} exchanges in {path.name}; {outcome.proof}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
