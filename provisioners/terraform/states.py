"""Where Terraform's states are kept, one per stack, and whose the lock on one is.

`builder` asks. A state is read here straight from its place, without a process, for
the few facts that a look needs; it is written by terraform alone.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from provisioners.base import DriverFailure

_STARTING = timedelta(seconds=30)
"""How long after its start a run may still come by its lock, beside the time that it waits."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What a run says of itself before it can hold a lock, so that its lock is known for ours."""

    run: str
    holder: str
    """Who asked for it: the worker."""
    who: str
    """As terraform writes it into its locks: user@host."""
    place: str
    """The directory of runs that it is in."""
    started: datetime
    until: datetime
    """When it has ended at the latest."""
    patience: float
    """Seconds that it waits for a lock."""
    lease: float = 0.0
    """Seconds without a beat after which it surely has stopped; 0 for one that does not beat."""
    beat: int = 0
    """Counts up as long as its machine looks after it."""
    ended: bool = False
    """Whether another machine has taken it for gone; it is refused whatever it wants from then."""

    def encoded(self) -> str:
        """The intent as JSON."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def decoded(cls, text: str | bytes) -> "Intent":
        """The intent that `encoded` made this of."""
        raw = json.loads(text)
        times = {key: datetime.fromisoformat(raw[key]) for key in ("started", "until")}
        return cls(**{**raw, **times})


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock that is held on a state."""

    id: str
    who: str
    created: datetime
    operation: str = ""
    run: str | None = None
    """The run that holds it, where the lock itself says so."""

    def __str__(self) -> str:
        what = f", {self.operation}" if self.operation else ""
        return f"locked by {self.who} since {self.created:%Y-%m-%dT%H:%M:%SZ}{what} ({self.id})"

    @classmethod
    def of_info(cls, text: str | bytes) -> "Lock":
        """The lock that terraform describes."""
        raw = json.loads(text)
        return cls(
            id=raw["ID"],
            who=raw["Who"],
            created=_moment(raw["Created"]),
            operation=raw.get("Operation", ""),
        )

    @classmethod
    def of_complaint(cls, text: str) -> "Lock | None":
        """The lock that terraform names when it could not take it; None when it names none."""
        told = re.search(
            r"ID:\s+(?P<id>\S+)\s.*?Operation:\s+(?P<operation>\S*)\s.*?Who:\s+(?P<who>\S+)\s"
            r".*?Created:\s+(?P<created>\S+ \S+)",
            text,
            re.DOTALL,
        )
        if told is None:
            return None
        created, found = _moment(told["created"]), told["operation"]
        return cls(id=told["id"], who=told["who"], created=created, operation=found)

    def owner(self, intents: Iterable[Intent]) -> Intent | None:
        """The run of ours that holds it; None when it is a stranger's.

        Terraform takes its lock soon after it starts, so user, host and time tell its run. Both
        times are of that host's clock.
        """
        for intent in intents:
            last = intent.started + timedelta(seconds=intent.patience) + _STARTING
            ours = intent.who == self.who and intent.started <= self.created <= last
            if self.run == intent.run or (self.run is None and ours):
                return intent
        return None


@dataclass(frozen=True, kw_only=True)
class Backend:
    """What terraform is told of a state's place. What is secret goes by the environment."""

    kind: str
    settings: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class States(Protocol):
    """A place for states. Every method raises DriverFailure `state_unreachable`."""

    def backend(self, name: str, run: str) -> Backend:
        """How terraform reaches the state."""

    def read(self, name: str) -> dict[str, Any] | None:
        """The state as terraform wrote it, secrets and all; None when there is none."""

    def remove(self, name: str) -> None:
        """Remove the state and everything beside it."""

    def names(self) -> set[str]:
        """Every name that something is there for."""

    def lock(self, name: str) -> Lock | None:
        """The lock that is held on the state, where it can outlive its holder."""

    def release(self, name: str, lock: Lock) -> None:
        """Take exactly this lock away, as `force-unlock` does; another one is left alone."""

    def intents(self, name: str) -> tuple[Intent, ...]:
        """What runs said of themselves and did not take back."""

    def intend(self, name: str, intent: Intent) -> None:
        """Keep what a run says of itself, instead of what it said before."""

    def swap(self, name: str, old: Intent, new: Intent) -> bool:
        """Put one intent in the place of another of the same run, unless that changed meanwhile."""

    def forget(self, name: str, runs: Iterable[str]) -> None:
        """Take back what these runs said."""


def renew(states: States, name: str, run: str, change: Callable[[Intent], Intent]) -> bool:
    """Change what a run says; False when it was taken for gone, or took it back itself."""
    while True:
        found = next((item for item in states.intents(name) if item.run == run), None)
        if found is None or found.ended:
            return False
        if states.swap(name, found, change(found)):
            return True


def parsed(content: bytes) -> dict[str, Any] | None:
    """A state; None when it is empty, as it is where a backend has only made room for one."""
    if not content.strip():
        return None
    try:
        state = json.loads(content)
    except ValueError as error:
        raise unreachable("the state is not JSON") from error
    return state if isinstance(state, dict) else None


def addresses(state: Mapping[str, Any]) -> tuple[str, ...]:
    """What a state holds, as terraform names it; data sources are only looked at, so left out."""
    found = []
    for resource in state.get("resources", ()):
        if resource.get("mode") != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        for instance in resource.get("instances", ()):
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            left = " (deposed)" if instance.get("deposed") else ""
            found.append(f"{module}{resource['type']}.{resource['name']}{index}{left}")
    return tuple(sorted(found))


def unreachable(detail: str) -> DriverFailure:
    """The place of the states does not answer, or not with sense."""
    return DriverFailure("state_unreachable", detail[:500])


def _moment(text: str) -> datetime:
    """A time as terraform writes it: RFC 3339, or Go's own form in older locks."""
    words = text.split()
    if len(words) > 1:
        text = f"{words[0]}T{words[1]}+00:00"
    head, _, rest = text.replace("Z", "+00:00").partition(".")
    if rest:
        # Nanoseconds are more than Python reads.
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits) :]}"
    else:
        text = head
    return datetime.fromisoformat(text).astimezone(UTC)
