"""Structured logs: a constant event name, ids as fields, secrets masked; `log` is for all."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("storectl")

_SECRET = re.compile(r"(token|secret|password|authorization|code|key)$", re.IGNORECASE)


def _mask(
    logger: object,  # noqa: ARG001 -- structlog's signature.
    method: str,  # noqa: ARG001
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    for name in event:
        if name != "event" and _SECRET.search(name):
            event[name] = "…"
    return event


def configure(level: str, *, json: bool) -> None:
    """Log to stderr from `level` on, as JSON lines or for a person's eyes."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        # The plain traceback: the default one prints local variables, keys among them.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _mask,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if json else _keep,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _keep(
    logger: object,  # noqa: ARG001
    method: str,  # noqa: ARG001
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    return event
