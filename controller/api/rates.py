"""Routes of exchange rates: the set in force, its sources, and how each store stands to it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Body, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import OperatorDep, ScopeDep, ServicesDep
from controller.api.described import SIGNED_IN
from controller.api.resources import API_VERSION
from controller.commerce.rate_calendar import age
from controller.commerce.rates import moved
from controller.domain.errors.base import explain
from controller.domain.notes import Note
from controller.domain.rates import (
    Push,
    PushState,
    QuoteSet,
    SourceState,
    missing_rates,
    pairs,
    rates_for,
)
from controller.domain.store import Store, iso
from controller.domain.tenant import Scope
from controller.services.services import Services

router = routing.router(tags=["rates"], responses=SIGNED_IN)

Name = Annotated[str, Path(max_length=64)]


class ApprovalInput(BaseModel):
    """Which set was looked at; the newest one without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    set: Annotated[int | None, Field(ge=1, le=2**53)] = None


@router.get("/rates")
def get_rates(services: ServicesDep, scope: ScopeDep) -> Response:
    """The rates in force, how old they are, what waits for approval, and how sending stands."""
    return json_answer(_resource(services, scope))


@router.post("/rates/refresh")
def refresh_rates(services: ServicesDep, scope: OperatorDep) -> Response:
    """Have the source asked within seconds; `status.sources` shows when it was and what it said."""
    if services.settings.rates.source != "none":
        services.registry.rates.ask(services.settings.rates.source)
    return json_answer(_resource(services, scope))


@router.post("/rates/approve")
def approve_rates(
    services: ServicesDep, scope: OperatorDep, body: Annotated[ApprovalInput | None, Body()] = None
) -> Response:
    """Put the quotes in force that moved too far to be taken by themselves.

    With `set` only those that were seen there; nothing happens when none wait.
    """
    services.registry.rates.approve(scope, body.set if body else None)
    return json_answer(_resource(services, scope))


@router.get("/stores/{name}/rates")
def store_rates(services: ServicesDep, scope: ScopeDep, name: Name) -> Response:
    """The rates that a store is to have, and how its shop stands to them."""
    store = services.registry.stores.get(scope, name)
    newest = services.registry.rates.newest()
    push = services.registry.rate_pushes.push(store.uid)
    return json_answer(_store_resource(store, newest, push))


def _resource(services: Services, scope: Scope) -> dict[str, Any]:
    settings = services.settings.rates
    newest = services.registry.rates.newest()
    now = datetime.now(UTC)
    days = None if newest is None else age(newest.as_of, now)
    return {
        "apiVersion": API_VERSION,
        "kind": "Rates",
        "metadata": {"name": "rates"},
        "spec": {
            "source": settings.source,
            "everySeconds": settings.every_seconds,
            "maxAgeDays": settings.max_age_days,
            "maxMovePercent": str(settings.max_move_percent),
        },
        "status": {
            "set": None if newest is None else _set_json(newest),
            "ageDays": days,
            "stale": days is not None and days > settings.max_age_days,
            "held": [] if newest is None else _held_json(newest),
            "sources": [_source_json(state) for state in services.registry.rates.sources()],
            "stores": services.registry.rate_pushes.counts(scope),
        },
    }


def _set_json(newest: QuoteSet) -> dict[str, Any]:
    return {
        "id": newest.id,
        "provider": newest.provider,
        "base": newest.base,
        "asOf": newest.as_of.isoformat(),
        "fetchedAt": iso(newest.fetched_at),
        "rates": {
            code: {"rate": format(quote.rate, "f"), "asOf": quote.as_of.isoformat()}
            for code, quote in sorted(newest.quotes.items())
        },
    }


def _held_json(newest: QuoteSet) -> list[dict[str, Any]]:
    return [
        {
            "currency": code,
            "rate": format(quote.held, "f"),
            "kept": format(quote.rate, "f"),
            "movePercent": str(round(moved(quote.rate, quote.held), 2)),
        }
        for code, quote in sorted(newest.held.items())
        if quote.held is not None
    ]


def _source_json(state: SourceState) -> dict[str, Any]:
    return {
        "name": state.name,
        "checkedAt": iso(state.checked_at),
        "succeededAt": iso(state.succeeded_at),
        "failures": state.failures,
        "error": _error_json(state.error),
    }


def _error_json(note: Note | None) -> dict[str, Any] | None:
    """An error in English, with what another language needs to say the same."""
    if note is None:
        return None
    found = explain(note.reason, note.params, str)
    return {
        "code": found.code,
        "params": dict(note.params),
        "message": found.message,
        "action": found.action,
    }


def _store_resource(store: Store, newest: QuoteSet | None, push: Push | None) -> dict[str, Any]:
    needs = bool(pairs(store.spec))
    state = push.state if push else PushState.PENDING if needs else PushState.UNNEEDED
    held = newest.held if newest else {}
    again = push.due_in if push else None
    now = datetime.now(UTC)
    return {
        "apiVersion": API_VERSION,
        "kind": "StoreRates",
        "metadata": {"name": store.spec.slug, "uid": store.uid},
        "spec": {
            "rates": [
                {
                    "from": rate.source,
                    "to": rate.target,
                    "rate": format(rate.rate.normalize(), "f"),
                    "held": rate.source in held or rate.target in held,
                }
                for rate in rates_for(store.spec, newest)
            ],
            "missing": list(missing_rates(store.spec, newest)),
        },
        "status": {
            "state": str(state),
            "set": newest.id if newest else None,
            "sentSet": push.sent_set_id or None if push else None,
            "sentAt": iso(push.sent_at) if push else None,
            "attempts": push.attempts if push else 0,
            "nextAt": None if again is None else iso(now + timedelta(seconds=again)),
            "error": _error_json(push.error) if push else None,
        },
    }
