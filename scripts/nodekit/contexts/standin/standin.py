"""What the stand-in for the store image does: install, upgrade, state, web."""

import asyncio
import json
import logging
import os
import secrets
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pymysql
from uvicorn.config import Config
from uvicorn.server import Server

from sandbox.app import build_app
from sandbox.container import EVERY_ADDRESS, logged
from sandbox.process import bind, opened
from sandbox.shop import Release, Secrets

SECRETS = Path("/run/secrets/shop")
DATA = Path("/magento/pub/media/shop")
TABLE = (
    "CREATE TABLE IF NOT EXISTS shop_standin (name VARCHAR(64) PRIMARY KEY, value TEXT NOT NULL)"
)
PATIENCE = 3
SIGNS = ("/-/live", "/-/started")

log = logging.getLogger("standin")


def secret(name: str) -> str:
    path = SECRETS / name
    return path.read_text().strip() if path.exists() else ""


def connected() -> Any:
    return pymysql.connect(
        host=os.environ["SHOP_DB_HOST"],
        port=int(os.environ.get("SHOP_DB_PORT", "3306")),
        user=os.environ.get("SHOP_DB_USER", "magento"),
        password=secret("db-password"),
        database=os.environ.get("SHOP_DB_NAME", "magento"),
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        autocommit=True,
    )


def remembered(connection: Any) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, value FROM shop_standin")
        return dict(cursor.fetchall())


def state() -> int:
    """Print what the database holds; 1 when it does not answer."""
    try:
        with connected() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            tables = {row[0] for row in cursor.fetchall()}
            whole = "shop_standin" in tables and "token" in remembered(connection)
    except pymysql.Error as error:
        print(f"SQLSTATE[HY000] {error.args}", file=sys.stderr)
        return 1
    print("installed" if whole else "foreign" if tables - {"shop_standin"} else "empty")
    return 0


def install() -> int:
    """Ask every service once, remember a token, hand it over; again it hands out the same."""
    asked_valkey("SHOP_CACHE", secret("cache-password"))
    asked_valkey("SHOP_SESSION", secret("session-password") or secret("cache-password"))
    search = f"http://{os.environ['SHOP_SEARCH_HOST']}:{os.environ['SHOP_SEARCH_PORT']}"
    with urllib.request.urlopen(f"{search}/_cluster/health", timeout=30) as answer:
        log.info("search is %s", json.load(answer)["status"])
    deadline = time.monotonic() + float(os.environ.get("SHOP_DB_WAIT", "60"))
    while True:
        try:
            connection = connected()
            break
        except pymysql.Error:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    first = {"token": secrets.token_hex(16), "url": os.environ["SHOP_BASE_URL"]}
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        for name, value in first.items():
            cursor.execute("INSERT IGNORE INTO shop_standin VALUES (%s, %s)", (name, value))
        known = remembered(connection)
    handed = Path("/handover/integration.json")
    handed.write_text(json.dumps({"access_token": known["token"]}))
    handed.chmod(0o640)
    log.info("installed")
    return 0


def asked_valkey(prefix: str, password: str) -> None:
    address = os.environ[f"{prefix}_HOST"], int(os.environ[f"{prefix}_PORT"])
    with socket.create_connection(address, timeout=30) as line:
        if password:
            line.sendall(f"AUTH {password}\r\n".encode())
            if not (said := line.recv(200)).startswith(b"+OK"):
                raise SystemExit(f"{address[0]}: {said!r}")
        line.sendall(b"PING\r\n")
        if not (said := line.recv(200)).startswith(b"+PONG"):
            raise SystemExit(f"{address[0]}: {said!r}")


def upgrade() -> int:
    """Before a new image serves; it needs the database."""
    with connected() as connection, connection.cursor() as cursor:
        cursor.execute("REPLACE INTO shop_standin VALUES ('upgraded', NOW())")
    log.info("upgraded")
    return 0


def web() -> int:
    """Serve until a signal comes. Without its database every page fails, as Magento's do."""
    with connected() as connection:
        known = remembered(connection)
    DATA.mkdir(exist_ok=True)
    release = Release(
        uid=os.environ["STORECONTROLLER_INSTANCE_UID"],
        digest="",
        host=EVERY_ADDRESS,
        port=8080,
        closed=os.environ.get("SHOP_STOREFRONT") == "closed",
        public_url=known["url"],
    )
    keys = Secrets(access_token=known["token"], session_key=secret("crypt-key"))
    # Not locked: pods of one node share the file, and SQLite lets one write at a time.
    with (
        bind(release.host, release.port) as listener,
        bind(release.host, 8082) as probes,
        opened(DATA, release, keys) as shop,
    ):
        app = logged(guarded(build_app(shop)))
        config = Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
        config.timeout_graceful_shutdown = 5
        Server(config).run(sockets=[listener, probes])
    return 0


def guarded(app: Any) -> Any:
    """Ask the database before each request but for the process's own signs of life."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] in SIGNS:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["type"] == "http":
            try:
                (await asyncio.to_thread(connected)).close()
            except pymysql.Error as error:
                log.error("SQLSTATE[HY000] [%s] %s", *error.args)
                head = {"type": "http.response.start", "status": 500, "headers": []}
                await send(head)
                await send({"type": "http.response.body", "body": b"SQLSTATE[HY000]"})
                return
        await app(scope, receive, send)

    return wrapped


if __name__ == "__main__":
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format=form)
    verbs = {"install": install, "upgrade": upgrade, "state": state, "web": web}
    sys.exit(verbs[sys.argv[1]]())
