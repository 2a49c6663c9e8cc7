"""What drivers can do with a release and builders with infrastructure, and the words for both."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, Protocol

NAMESPACE_PREFIX: Final = "store-"
"""With a release's name it is its namespace, and in there what its objects' names begin with."""
UNWANTED: Final[ContextVar[Callable[[], bool]]] = ContextVar("UNWANTED", default=lambda: False)
"""Says of what is done in a context whether nobody wants it any more."""


@contextmanager
def while_wanted(unwanted: Callable[[], bool]) -> Iterator[None]:
    """End what a tool does inside the block once this says so; it is asked again and again."""
    token = UNWANTED.set(unwanted)
    try:
        yield
    finally:
        UNWANTED.reset(token)


BACKUP_NAME: Final = "%Y%m%dT%H%M%SZ"
"""How a copy of a release's data is named."""


class ReleaseState(StrEnum):
    """How a release stands, asked of the world."""

    ABSENT = "absent"
    PENDING = "pending"
    """Started with the wanted values, not answering yet."""
    CURRENT = "current"
    OUTDATED = "outdated"
    """Runs with other values than the wanted ones."""
    FAILED = "failed"
    """Ended by itself."""
    STOPPED = "stopped"
    """Does not run; its data is kept."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """One chart with values under a name that derives from the stack's uid."""

    name: str
    chart: str
    version: str
    values: Mapping[str, Any] = field(default_factory=dict)
    hooks: bool = True
    """Whether the chart's own work before a change is done; it is no part of what runs."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of chart, version and values: what runs is outdated when it differs."""
        wanted = [self.name, self.chart, self.version, dict(self.values)]
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Something of a release that is not as the release made it; values are never told."""

    thing: str
    """As `service/web`."""
    fields: tuple[str, ...]
    """As `spec.replicas`; `deleted` alone when it is not there any more."""
    who: str = ""
    """Who wrote to it last, as its place names them."""

    def __str__(self) -> str:
        """In one line."""
        shown = ", ".join(self.fields[:3]) + (", …" if len(self.fields) > 3 else "")
        return f"{self.thing} ({shown}{f'; {self.who}' if self.who else ''})"


@dataclass(frozen=True, kw_only=True)
class ReleaseStatus:
    """How a release stands, and where it is reached."""

    state: ReleaseState
    endpoint: str | None = None
    detail: str = ""
    """What the tool itself said, when it said something."""
    changed: tuple[Changed, ...] = ()
    """What somebody else changed of it, when that makes it outdated."""


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """How many web servers: between the two, and `now` at once where it is given."""

    min: int
    max: int
    now: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One cause of a release not being ready, with the place where it is."""

    kind: str
    """A stable code such as `image_pull`."""
    thing: str
    """As `pod/web-5d9c-x2x1`."""
    container: str | None = None
    message: str = ""
    event: str | None = None
    """The word of the event that tells it, when one does."""
    part: str | None = None
    """The part of the release that it is about, as `database`."""
    about: str | None = None
    """What else it names: an image, a node, a storage class, a volume."""

    def __str__(self) -> str:
        """In one line."""
        where = f"{self.thing}, container {self.container}" if self.container else self.thing
        return f"{where}: {self.kind}: {self.message}".rstrip(": ")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A copy of a release's data."""

    name: str
    """The time at which it was made, in UTC and as BACKUP_NAME writes it."""
    size: int
    """Bytes."""
    version: str = ""
    """Of the software that made it, in its own words."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that the place noticed about a part of a release."""

    at: str
    """RFC 3339."""
    severity: str
    """`Normal` or `Warning`."""
    reason: str
    thing: str
    message: str
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not right with the place itself."""

    code: str
    """Stable, such as `no_node`."""
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Filling:
    """A volume of a release that is full or nearly."""

    volume: str
    percent: int


@dataclass(frozen=True, kw_only=True)
class LogQuery:
    """Which lines are wanted; where nothing is chosen, of what is in trouble, or else of all."""

    tail: int = 200
    since: int | None = None
    """Seconds: nothing older."""
    part: str | None = None
    """A part of the release, as `database`."""
    pod: str | None = None
    container: str | None = None
    whole: bool = False
    """Of everything, even while a part is in trouble."""

    @property
    def chosen(self) -> bool:
        """Whether somebody said of what."""
        return self.whole or any((self.part, self.pod, self.container))


class Driver(Protocol):
    """A tool that runs releases. Every method may be repeated after a crash."""

    name: str
    engines: tuple[str, ...]
    """The charts that it can start, the usual one first."""
    scalable: bool
    """Whether a release can have more than one web server."""
    restarts: bool
    """Whether a release that hangs is ours to end and to start again; elsewhere its place does."""
    wakes: bool
    """Whether it tells by itself that a release changed, so that nobody needs to ask often."""

    def ping(self) -> str:
        """Ask whether it can work at all; returns its version. Raises DriverFailure."""

    def survey(self) -> tuple[Finding, ...]:
        """What is not right with the place itself; raises DriverFailure."""

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> None:
        """Put the release's secrets in place before it starts."""

    def has_secrets(self, name: str, secrets: Mapping[str, str]) -> bool:
        """Whether exactly these secrets are in place."""

    def handed(self, name: str) -> Mapping[str, str]:
        """Secrets that the release itself made and handed over; empty while it has not."""

    def apply(self, release: Release) -> ReleaseStatus:
        """Start the release, or make a running one current. Raises DriverFailure."""

    def try_image(self, name: str, image: str) -> None:
        """Return once the release's place has shown that it can fetch and start an image.

        Nothing that runs is touched. Raises DriverFailure: `image_unpullable` when it cannot.
        """

    def status(self, release: Release) -> ReleaseStatus:
        """How the release stands."""

    def scale(self, name: str, replicas: Replicas) -> int:
        """Have this many web servers at once; returns how many that are now. Raises DriverFailure.

        The release's values have to say the same, or the next `apply` changes it back.
        """

    def why(self, name: str) -> tuple[Reason, ...]:
        """Why a release is not ready, what explains most first; empty when it is."""

    def filling(self, name: str) -> tuple[Filling, ...]:
        """The volumes that are full or nearly, as was seen last; asks nothing."""

    def blind(self, name: str) -> str:
        """Why the release's autoscaler knows no figures, as was seen last; empty when it does."""

    def happened(self, name: str) -> tuple[Happening, ...]:
        """What the place itself tells of the release's parts, oldest first."""

    def strangers(self, name: str) -> tuple[str, ...]:
        """What somebody else put beside the release; it is shown and left alone."""

    def backups(self, name: str) -> tuple[Backup, ...]:
        """Copies of the release's data that there are now, the newest first.

        Raises DriverFailure: `no_backups` where none are made, `backups_unread` while they cannot
        be looked at.
        """

    def back_up(self, name: str, run: str) -> Backup:
        """Have a copy made, one for each `run`, and return it once it is there.

        Raises DriverFailure: `backup_under_way` until then, `backup_failed` when it gave up.
        """

    def loaded(self, name: str) -> bool:
        """Whether what loads a copy into the release is there and has done so."""

    def leaving(self, name: str) -> tuple[str, ...]:
        """What was replaced and may still answer those who are connected to it."""

    def writers(self, name: str) -> tuple[str, ...]:
        """What may still write the release's data, asked of the place itself."""

    def stop(self, name: str) -> None:
        """Stop what runs and keep its data."""

    def delete(self, name: str) -> None:
        """Destroy everything of the release, its data too."""

    def inventory(self, name: str) -> tuple[str, ...]:
        """What is still held for the name: processes, files; empty when nothing is left."""

    def names(self) -> set[str]:
        """Every name that something is held for."""

    def logs(self, name: str, query: LogQuery) -> list[str]:
        """The last lines that the release printed, in the order of time.

        Raises DriverFailure: `no_log` where nothing has the name that was chosen.
        """

    def follow(self, name: str, query: LogQuery) -> Iterator[str]:
        """New lines as they are printed; an empty string is a moment without any."""

    def stop_all(self) -> None:
        """Stop everything, when the driver's home is this machine and goes down."""


@dataclass(frozen=True, kw_only=True)
class Infrastructure:
    """What a stack needs around its release: one module with variables, under the stack's uid."""

    name: str
    module: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sensitive variables. They are given in and never made by the tool."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of module and variables; secrets count by a digest of their own."""
        hidden = {
            key: hashlib.sha256(f"{self.name}\0{key}\0{value}".encode()).hexdigest()
            for key, value in self.secrets.items()
        }
        wanted = [self.name, self.module, dict(self.variables), hidden]
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


class ChangeKind(StrEnum):
    """What happens, or has happened, to one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """Destroyed and made anew; what it held is lost."""
    DELETE = "delete"
    FORGET = "forget"
    """No longer looked after, and left where it is."""
    MOVE = "move"
    """Known under another address from now on; the resource itself stays as it is."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that differs, and in which of its attributes; values are never told."""

    kind: ChangeKind
    address: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Built:
    """What stands after a run."""

    outputs: Mapping[str, Any]
    """Never secrets: the modules have no sensitive outputs."""
    changed: int
    """How many resources this run made, changed or removed."""
    serial: int
    """Counts the changes of one state; `lineage` tells one state from a later one."""
    lineage: str


class Builder(Protocol):
    """A tool that makes infrastructure. Every method may be repeated after a crash.

    Callers hold the lease of the name. Methods raise DriverFailure with one of the codes
    `terraform_missing` (the program), `provider_missing`, `module_missing`, `module_broken`,
    `variables_refused`, `state_locked`, `state_unreachable`, `plan_stale`,
    `terraform_timeout`, `terraform_killed`, `terraform_failed`,
    `terraform_busy`, `data_protected`, `destroy_incomplete` and `bad_name`; only what may pass
    is `transient`.
    """

    name: str
    modules: tuple[str, ...]
    """What it can make."""

    def digest(self, wanted: Infrastructure) -> str:
        """SHA-256 of the module itself and what is wanted of it: what stands is current or not."""

    def apply(self, wanted: Infrastructure) -> Built:
        """Plan, then apply exactly that plan; without changes nothing is written."""

    def outputs(self, name: str) -> Mapping[str, Any]:
        """What the last run told; empty when there is no state."""

    def plan(self, wanted: Infrastructure) -> tuple[Change, ...]:
        """What `apply` would change; writes nothing."""

    def drift(self, wanted: Infrastructure) -> tuple[Change, ...]:
        """What somebody changed outside since the last run; writes nothing."""

    def destroy(self, wanted: Infrastructure) -> None:
        """Destroy everything, prove that the state is empty, then remove the state itself."""

    def inventory(self, name: str) -> tuple[str, ...]:
        """The addresses that the state holds; empty when nothing is left.

        A state that holds no resource is told as `state` until it is removed.
        """

    def names(self) -> set[str]:
        """Every name that a state is there for."""


class DriverFailure(Exception):  # noqa: N818 -- the reconciler's DriverError is made of it.
    """The tool could not do it. `code` is stable; `transient` says that it may pass."""

    def __init__(
        self, code: str, detail: str, *, transient: bool = True, retry_after: float = 0.0
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.transient = transient
        self.retry_after = retry_after
        """Seconds for which whoever refused wants to be left alone."""
        self.answer = 0
        """What a server answered, as HTTP numbers it; 0 where it was no answer of one."""
