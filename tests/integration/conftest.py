"""What integration tests share: the processes of a distributed control plane."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration import cluster
from tests.services import redis
from tests.services.catalog import SERVICES
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer


@dataclass(frozen=True, kw_only=True)
class Distributed:
    """A running control plane and the parts of it that a test breaks and mends again."""

    cluster: cluster.Cluster
    redis: RedisServer
    database_url: str


@pytest.fixture(scope="module")
def distributed(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Distributed]:
    """Give an API and two workers over PostgreSQL and a Redis that may be killed."""
    program = SERVICES["redis"].find()
    if program is None:
        pytest.fail(SERVICES["redis"].remedy, pytrace=False)
    home = tmp_path_factory.mktemp("distributed")
    with redis.running(program) as notifier, postgres_server.database() as found:
        url = found.replace("+psycopg", "")
        with cluster.running(home, url, notifier.url) as running:
            yield Distributed(cluster=running, redis=notifier, database_url=url)
