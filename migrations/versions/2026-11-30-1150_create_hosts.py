"""Create hosts, with those of the stores that are there."""

import json
from urllib.parse import urlsplit
from zlib import crc32

import sqlalchemy as sa
from alembic import op

revision = "1f4be6a07d35"
down_revision = "c7d1e5a2940b"
_PORTS = {"http": 80, "https": 443}


def upgrade() -> None:
    """Expand the schema, and have further websites on clusters served at hosts of their own."""
    op.create_table(
        "hosts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("store_uid", sa.String(), sa.ForeignKey("stores.uid"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_hosts_store_uid", "hosts", ["store_uid"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    query = sa.text(
        "SELECT stores.uid, stores.spec, stacks.uid AS stack, stacks.spec AS shape FROM stores"
        " JOIN stacks ON stacks.uid = stores.stack_uid"
        " WHERE stores.reserved_slug IS NOT NULL ORDER BY stores.created_at"
    )
    taken: set[str] = set()
    for row in connection.execute(query).mappings().all():
        shape = json.loads(row["shape"])
        url = shape.get("url")
        sites = {
            code: site.get("url") or (_beside(url, code) if url else None)
            for code, site in json.loads(row["spec"]).get("sites", {}).items()
        }
        if url and sites:
            shape["websites"] = {urlsplit(site).hostname: code for code, site in sites.items()}
            changed = {"shape": json.dumps(shape), "stack": row["stack"]}
            connection.execute(
                sa.text("UPDATE stacks SET spec = :shape WHERE uid = :stack"), changed
            )
        for name in filter(None, map(_authority, (url, *sites.values()))):
            # Of two that had the same address, the older one keeps it.
            if name not in taken:
                taken.add(name)
                mine = {"name": name, "store": row["uid"]}
                connection.execute(sa.text("INSERT INTO hosts VALUES (:name, :store)"), mine)


def _beside(url: str, code: str) -> str:
    scheme, _, host = url.partition("://")
    label, _, domain = host.partition(".")
    whole = f"{label}-{code.replace('_', '-')}"
    if len(whole) > 63 or whole.endswith("-"):
        whole = f"{whole[:54].rstrip('-')}-{crc32(whole.encode()):08x}"
    return f"{scheme}://{whole}.{domain}"


def _authority(url: str | None) -> str:
    parts = urlsplit((url or "").lower())
    usual = parts.port in {None, _PORTS.get(parts.scheme)}
    return (parts.hostname or "") if usual else f"{parts.hostname}:{parts.port}"
