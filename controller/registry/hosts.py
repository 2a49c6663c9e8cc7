"""Public host names: each is one store's, as long as anything is left of it.

`accepting` and `intents` call this inside their transactions, which come one after another.
"""

from collections import Counter

from sqlalchemy import Connection, delete, insert, select

from controller.domain.addresses import authority, claims
from controller.domain.errors.stores import HostTakenError, NameTakenError
from controller.domain.store import MAIN_SITE, Store
from controller.registry.placing import clusters_of
from controller.registry.tables import HostRow, table

_hosts = table(HostRow)


def claim_hosts(connection: Connection, store: Store, url: str | None) -> None:
    """Take what a store's addresses need, and nothing else; `url` is the main website's.

    Raises NameTakenError when the main address is somebody's, HostTakenError for a further one.
    """
    wanted = claims(store.spec, url)
    names = [name for name, _ in wanted]
    query = select(_hosts.c.name).where(_hosts.c.name.in_(names), _hosts.c.store_uid != store.uid)
    taken = set(connection.execute(query).scalars())
    taken |= {name for name, times in Counter(names).items() if times > 1}
    for name, site in wanted:
        if name in taken and site == MAIN_SITE:
            raise NameTakenError(name=store.spec.slug)
        if name in taken:
            raise HostTakenError(host=name, site=site)
    free_hosts(connection, store.uid)
    if names:
        rows = [{"name": name, "store_uid": store.uid} for name in names]
        connection.execute(insert(_hosts), rows)


def free_hosts(connection: Connection, store: str) -> None:
    """Let others have a store's host names."""
    connection.execute(delete(_hosts).where(_hosts.c.store_uid == store))


def host_taken(connection: Connection, slug: str) -> bool:
    """Whether a store of this name would meet its own address in use on any cluster."""
    names = [authority(cluster.url_of(slug)) for cluster in clusters_of(connection)]
    query = select(_hosts.c.name).where(_hosts.c.name.in_(names)).limit(1)
    return connection.execute(query).scalar() is not None
