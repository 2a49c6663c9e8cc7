"""What one run of a command has at hand: the connection, the client, the output format."""

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cli import config
from cli.output import Format
from cli.texts import language

if TYPE_CHECKING:
    from cli.client import Client
    from cli.transport import Transport


class Session:
    """Made by `cli.verbs` for every command; nothing is read or connected before it is used."""

    def __init__(self, server: str | None, token: str | None, output: Format) -> None:
        self._server = server
        self._token = token
        self.output = output
        self._transport: Transport | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    @cached_property
    def connection(self) -> config.Connection:
        """Which server and token are used."""
        return config.discover(self._server, self._token, os.environ, Path.cwd())

    @cached_property
    def client(self) -> "Client":
        """The API."""
        from cli.client import Client  # noqa: PLC0415 -- `storectl --help` has no use for it.
        from cli.transport import Transport  # noqa: PLC0415 -- as above.

        # What a program reads is never translated.
        spoken = "en" if self.output.machine else language()
        self._transport = Transport(self.connection.server, self.connection.token, spoken)
        return Client(self._transport)

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return sys.stdin.isatty() and sys.stderr.isatty()
