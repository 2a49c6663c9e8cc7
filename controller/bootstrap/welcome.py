"""What a person sees after `make up`: where things are, the first store, what to type next."""

import contextlib
import sys
import time
from pathlib import Path

from controller.commerce.drafts import Draft
from controller.domain.conditions import Desired
from controller.domain.errors.base import StoreControllerError
from controller.domain.operations import STEP_TITLES, Operation, StepRecord, StepState
from controller.domain.tenant import Scope
from controller.services.services import Services
from controller.services.stores import Owner

_DEMO = Draft(
    name="demo",
    country="US",
    display_name="Demo Shop",
    # Four languages, one of them from right to left: there is something to see.
    locales=("en_US", "es_US", "de_DE", "ar_EG"),
)
_PATIENCE = 30.0
"""Seconds."""
_OWNER = Owner(email="demo@example.com")


def show_welcome(services: Services, token: str, command: str) -> None:
    """Print where everything is, and follow the demonstration store until it sells.

    `command` is what brought all this up and brings it up again.
    """
    url = services.settings.url
    _say("")
    _say("Store Controller is running.")
    _say("")
    _say(f"  Open a shop           {url}/")
    _say(f"  Operator's console    {url}/operator?token={token}")
    if not services.settings.smtp.host:
        _say(f"  Mails (none are sent) {url}/outbox")
    _say(f"  API                   {url}/api/v1/docs")
    if services.settings.demo:
        try:
            _demo(services)
        except StoreControllerError as error:
            _say(f"  The demonstration store could not be made: {error}")
    _say("")
    _say("Next, in another terminal:")
    _say("")
    _say(f"  {_storectl()} list")
    _say(f"  {_storectl()} create acme --country DE --email owner@example.com")
    _say(f"  {_storectl()} --help")
    _say("")
    _say(f"Ctrl-C stops everything; `{command}` continues where it stopped.")


def _demo(services: Services) -> None:
    """Make the first store when there has never been any, and show how it comes up."""
    scope = Scope.operator("make up")
    if not services.registry.stores.any_ever():
        operation = services.stores.create(scope, _OWNER, _DEMO).operation
        _say("")
        _say("Making a demonstration store, as the form does:")
        _follow(services, operation)
    elif services.registry.stores.name_taken(_DEMO.name):
        _await(services)
    else:
        return
    store = services.registry.stores.get(scope, _DEMO.name)
    _say("")
    _say(f"  Demonstration shop    {store.status.url or store.status.phase}")


def _await(services: Services) -> None:
    """Return when the demonstration store of an earlier start answers again, or after a while."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        store = services.registry.stores.get(Scope.system(), _DEMO.name)
        if store.desired is not Desired.ACTIVE:
            return
        engine = services.world.engines[store.spec.engine]
        # The registry still says what was true before the stop: the shop itself is asked.
        with contextlib.suppress(StoreControllerError):
            engine.ready(store.status.url or "")
            return
        time.sleep(0.05)


def _follow(services: Services, operation: Operation) -> None:
    """One line for each step as it is done."""
    shown: set[str] = set()
    while True:
        operation = services.registry.operations.get(Scope.system(), operation.id)
        for step in operation.steps:
            if step.state is StepState.DONE and step.name not in shown:
                shown.add(step.name)
                seconds = _seconds(step)
                _say(f"    ✓ {STEP_TITLES.get(step.name, step.name):<42} {seconds}")
        if not operation.open:
            return
        time.sleep(0.02)


def _seconds(step: StepRecord) -> str:
    if step.started_at is None or step.finished_at is None:
        return ""
    return f"{(step.finished_at - step.started_at).total_seconds():5.2f} s"


def _storectl() -> str:
    """The command as it can be typed from here."""
    program = Path(sys.executable).with_name("storectl")
    try:
        return str(program.relative_to(Path.cwd()))
    except ValueError:
        return str(program)


def _say(text: str) -> None:
    print(text, flush=True)
