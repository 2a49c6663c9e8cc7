"""The driver of shops that somebody else runs: it starts and stops nothing, it only knows where.

A release says in its values at which `endpoint` the shop answers and whether it is `watched`. There
is nothing of ours to keep, so that any worker on any machine sees the same.
"""

import time
from collections.abc import Iterator, Mapping

from provisioners.base import (
    Backup,
    DriverFailure,
    Filling,
    Finding,
    Happening,
    LogQuery,
    Reason,
    Release,
    ReleaseState,
    ReleaseStatus,
    Replicas,
)


class ExternalDriver:
    """`Driver` of `provisioners.base` for shops that are there already."""

    name = "external"
    engines: tuple[str, ...] = ()
    scalable = False
    restarts = False
    wakes = False

    def ping(self) -> str:
        """There is nothing to ask."""
        return "1"

    def survey(self) -> tuple[Finding, ...]:
        """Nothing: the place is not looked after."""
        return ()

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> None:  # noqa: ARG002
        """Nothing: the shop made its access token itself."""
        _check(name)

    def has_secrets(self, name: str, secrets: Mapping[str, str]) -> bool:
        """Whether access was given."""
        _check(name)
        return bool(secrets)

    def apply(self, release: Release) -> ReleaseStatus:
        """Take the shop as it is; raises DriverFailure when nobody said where it is."""
        if not release.values.get("endpoint"):
            raise DriverFailure("no_endpoint", "nobody said where the shop is", transient=False)
        return self.status(release)

    def status(self, release: Release) -> ReleaseStatus:
        """Current while it is watched. Whether it answers is for its engine to say."""
        _check(release.name)
        endpoint = release.values.get("endpoint")
        if not endpoint:
            return ReleaseStatus(state=ReleaseState.ABSENT)
        watched = release.values.get("watched", True)
        state = ReleaseState.CURRENT if watched else ReleaseState.STOPPED
        return ReleaseStatus(state=state, endpoint=str(endpoint))

    def try_image(self, name: str, image: str) -> None:
        """Nothing: somebody else runs it."""

    def handed(self, name: str) -> Mapping[str, str]:  # noqa: ARG002
        """Nothing: everything that it needs was given to it."""
        return {}

    def scale(self, name: str, replicas: Replicas) -> int:  # noqa: ARG002
        """The shop is not ours to size; raises DriverFailure."""
        raise DriverFailure("not_scalable", f"{name} has one size", transient=False)

    def why(self, name: str) -> tuple[Reason, ...]:  # noqa: ARG002
        """Nothing that `status` does not say."""
        return ()

    def blind(self, name: str) -> str:  # noqa: ARG002
        """There is no autoscaler."""
        return ""

    def filling(self, name: str) -> tuple[Filling, ...]:  # noqa: ARG002
        """None: it has no volume of its own."""
        return ()

    def happened(self, name: str) -> tuple[Happening, ...]:  # noqa: ARG002
        """Nothing: the registry's own events tell all."""
        return ()

    def strangers(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing: whatever is there is the shop's own."""
        return ()

    def backups(self, name: str) -> tuple[Backup, ...]:
        """None are made: what somebody else runs he backs up."""
        raise DriverFailure("no_backups", f"{name} is backed up elsewhere", transient=False)

    def back_up(self, name: str, run: str) -> Backup:  # noqa: ARG002
        """None are made."""
        raise DriverFailure("no_backups", f"{name} is backed up elsewhere", transient=False)

    def loaded(self, name: str) -> bool:  # noqa: ARG002
        """Nothing is ever loaded into it."""
        return False

    def leaving(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing: what was there has ended."""
        return ()

    def writers(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """None that a backup would have to wait for."""
        return ()

    def stop(self, name: str) -> None:
        """Let go of it: it is not ours to stop."""
        _check(name)

    def delete(self, name: str) -> None:
        """Let go of it: its data is not ours to destroy."""
        _check(name)

    def inventory(self, name: str) -> tuple[str, ...]:
        """Nothing of ours is ever there."""
        _check(name)
        return ()

    def names(self) -> set[str]:
        """As `inventory`."""
        return set()

    def logs(self, name: str, query: LogQuery) -> list[str]:  # noqa: ARG002
        """None: they are where the shop is."""
        _check(name)
        return []

    def follow(self, name: str, query: LogQuery) -> Iterator[str]:  # noqa: ARG002
        """Nothing, a few times a second."""
        _check(name)
        while True:
            yield ""
            time.sleep(0.25)

    def stop_all(self) -> None:
        """Nothing is ours to stop."""


def _check(name: str) -> None:
    if not name.isalnum():
        raise DriverFailure("bad_name", f"not a release's name: {name!r}", transient=False)
