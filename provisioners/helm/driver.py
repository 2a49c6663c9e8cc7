"""The driver of one Kubernetes cluster: a release is a Helm release in a namespace of its own.

Both have the same name. To look costs no request and no process: Helm's records and whether pods
are ready are known from the cluster's watches. What is about to be changed is read from the cluster
itself, as watches are a little behind. Helm runs only when the digest of chart and values differs,
or when something is to be repaired: a release that a killed helm left pending, a failed one, a
workload that somebody took away.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any

from provisioners.base import (
    Backup,
    Changed,
    DriverFailure,
    Filling,
    Finding,
    Happening,
    LogQuery,
    Release,
    ReleaseState,
    ReleaseStatus,
    Replicas,
)
from provisioners.command import Result
from provisioners.helm.charts import HelmChart
from provisioners.helm.drift import Drift
from provisioners.helm.program import Helm
from provisioners.helm.releases import RUN, STATE, Records, Revision, revisions
from provisioners.kubernetes.autoscalers import Autoscalers
from provisioners.kubernetes.backups import Copies
from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.causes import causes, failed_jobs, missing
from provisioners.kubernetes.credentials import Credentials
from provisioners.kubernetes.errors import ClusterError, ConflictError, NotFoundError
from provisioners.kubernetes.fullness import Fullness
from provisioners.kubernetes.ground import GroundKeeper
from provisioners.kubernetes.happenings import events_of, happened
from provisioners.kubernetes.headroom import Headroom
from provisioners.kubernetes.leaving import leaving
from provisioners.kubernetes.logs import Logs
from provisioners.kubernetes.namespaces import STACK, Namespaces
from provisioners.kubernetes.pods import Pods
from provisioners.kubernetes.scaling import end_jobs, halt, halted, scale
from provisioners.kubernetes.survey import Survey, Wanted
from provisioners.kubernetes.trials import Trials
from provisioners.kubernetes.unserved import unserved
from provisioners.kubernetes.view import DIGEST, WORKLOADS, View
from provisioners.kubernetes.watch import Watches

_STOPPED = {"stopped": True}
_DEFAULTS = Wanted()
_BESIDE = {CauseKind.BACKUP, CauseKind.FILLING}
"""What does not keep pods from being ready."""
_UNREACHABLE = {"cluster_unreachable", "cluster_cut", "cluster_busy"}
"""Codes of failures that say nothing of the release."""
WEB = "web"
"""What the Deployment of web servers is called behind the release's name."""


def _description(digest: str, state: str = "running") -> str:
    """What helm keeps with a revision of ours, and with no other."""
    return f"{state} {digest}"


def _status(state: ReleaseState, detail: str) -> ReleaseStatus:
    return ReleaseStatus(state=state, detail=detail)


def _keys(secrets: Mapping[str, str]) -> dict[str, str]:
    """Secrets by the keys that charts know: they are written with hyphens."""
    return {name.replace("_", "-"): value for name, value in secrets.items()}


class HelmDriver:
    """`Driver` of `provisioners.base` over one cluster."""

    name = "helm"
    scalable = True
    restarts = False
    wakes = True

    def __init__(
        self,
        namespaces: Namespaces,
        helm: Helm,
        charts: Mapping[str, HelmChart],
        *,
        patience: float = 20.0,
        grace: float = 20.0,
        sync: float = 10.0,
        changed: Callable[[str], None] = lambda _: None,
        wanted: Wanted = _DEFAULTS,
    ) -> None:
        """Drive `charts` by name, the usual one first.

        `patience`: seconds that `delete` waits for a namespace to go, and a trial for an image.
        `grace`: seconds in which a helm of ours may still be seen at work after its worker died,
        which is no more than its lease; a stranger's is given as long as helm may live. `sync`:
        seconds to wait for the first lists. `wanted` is what stacks use of the cluster. `changed`
        is told the name of a release that was seen pending and is ready now.
        """
        self.engines = tuple(charts)
        self._namespaces = namespaces
        self._helm = helm
        self._charts = charts
        self._records = Records(namespaces.connection)
        self.watches = Watches(
            namespaces.connection,
            selector=STACK,
            prefix=namespaces.prefix,
            changed=self._changed,
        )
        self._awaited: dict[str, tuple[str, ...]] = {}
        """The workloads of releases that were not ready when somebody looked, by namespace."""
        self._tell = changed
        self._pods = Pods(namespaces.connection, selector=STACK)
        self._logs = Logs(namespaces.connection, selector=STACK)
        self._credentials = Credentials(namespaces.connection)
        self._wanted = wanted
        self._fullness = Fullness(namespaces.connection, prefix=namespaces.prefix)
        self._headroom = Headroom(namespaces.connection)
        self._autoscalers = Autoscalers(namespaces.connection, selector=STACK)
        self._ground = GroundKeeper(namespaces.connection)
        self._trials = Trials(namespaces.connection, pull=namespaces.pull, patience=patience)
        self._copies = Copies(namespaces.connection, patience=patience)
        self._drift = Drift(namespaces.connection, self.watches, self._records)
        self.patience = patience
        self._grace, self._sync = grace, sync

    def ping(self) -> str:
        """The version of Kubernetes; raises ClusterError."""
        return self._namespaces.connection.version()

    def survey(self) -> tuple[Finding, ...]:
        """What is not right with the cluster itself; raises ClusterError."""
        found = Survey(self._namespaces.connection, self._ground, self._wanted).look()
        self._fullness.look(self._ground.look())
        self._autoscalers.look()
        unseen = Finding(code="volumes_unseen") if self._fullness.denied else None
        return (*found, unseen) if unseen else found

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> None:
        """Make the namespace and put the secrets into it."""
        written = self._namespaces.apply_secrets(name, _keys(secrets))
        self.watches.view.put("secret", written)

    def has_secrets(self, name: str, secrets: Mapping[str, str]) -> bool:
        """Whether exactly these secrets are in place."""
        view = self.watches.synced(self._sync)
        known = view.one("secret", self._namespaces.namespace(name), self._namespaces.secret)
        version = known["metadata"]["resourceVersion"] if known else ""
        return self._namespaces.has_secrets(name, _keys(secrets), version)

    def apply(self, release: Release) -> ReleaseStatus:
        """Install or upgrade, after repairing what an earlier attempt left behind."""
        history = self._records.history(self._namespaces.namespace(release.name))
        status = self._status(release, history)
        if status.state in {ReleaseState.CURRENT, ReleaseState.PENDING}:
            return status
        chart = self._chart(release.chart)
        self._namespaces.prepare(release.name)
        if history:
            self._recover(release.name)
        values = chart.values(release)
        if release.hooks and history and not history[-1].stopped:
            self._headroom.check(self._namespaces.namespace(release.name), chart.sizes(values))
        digest, hooks = self._digest(release), release.hooks
        self._upgrade(release.name, chart, values, digest, stopped=False, hooks=hooks)
        self._drift.put_back(self._namespaces.namespace(release.name), status.changed)
        if history:
            # Of workloads that changed the watches may still tell how they were.
            self.watches.refresh(self._namespaces.namespace(release.name), *WORKLOADS)
        # Whether it is ready already is for the next look to say.
        endpoint = chart.endpoint(release, self._namespaces.namespace(release.name))
        return ReleaseStatus(state=ReleaseState.PENDING, endpoint=endpoint)

    def try_image(self, name: str, image: str) -> None:
        """Have the cluster fetch it for a Job that does nothing."""
        self._namespaces.prepare(name)
        self._trials.run(self._namespaces.namespace(name), name, image)

    def status(self, release: Release) -> ReleaseStatus:
        """What the watches say; starts no process and writes nothing."""
        return self._status(release, self._seen(self._namespaces.namespace(release.name)))

    def _status(self, release: Release, history: Sequence[Revision]) -> ReleaseStatus:
        namespace = self._namespaces.namespace(release.name)
        chart = self._chart(release.chart)
        if not history:
            return ReleaseStatus(state=ReleaseState.ABSENT)
        found = self._state(namespace, history, self._digest(release))
        return replace(found, endpoint=chart.endpoint(release, namespace))

    def why(self, name: str) -> tuple[Cause, ...]:
        """Every reason why a release is not ready, what explains most first."""
        namespace = self._namespaces.namespace(name)
        if ending := self._namespaces.ending(name):
            thing = f"namespace/{namespace}"
            return (Cause(kind=CauseKind.TERMINATING, thing=thing, message=ending),)
        history = self._seen(namespace)
        if not history or history[-1].stopped:
            return ()
        workloads = self._records.content(namespace, history[-1]).workloads
        if history[-1].pending and len(history) > 1:
            # While a hook is at work, what ran before is what there is.
            workloads = self._records.content(namespace, history[-2]).workloads
        view = self.watches.synced(self._sync)
        ground = self._ground.look()
        self._fullness.look(ground)
        found: list[Cause] = causes(
            view,
            namespace,
            workloads,
            events=events_of(self._namespaces.connection, namespace),
            ground=ground,
            full=self._fullness.known(namespace),
            beside=True,
        )
        if all(item.kind in _BESIDE for item in found):
            found = [*unserved(self._namespaces.connection, namespace, STACK), *found]
        self._autoscalers.look()
        if said := self._autoscalers.known(namespace):
            thing = f"horizontalpodautoscaler/{namespace}-{WEB}"
            found.append(Cause(kind=CauseKind.BLIND, thing=thing, message=said, part=WEB))
        return tuple(found)

    def blind(self, name: str) -> str:
        """Why its autoscaler had no figures at the last survey."""
        return self._autoscalers.known(self._namespaces.namespace(name))

    def filling(self, name: str) -> tuple[Filling, ...]:
        """Volumes that are full or nearly, as the last survey measured them."""
        known = self._fullness.known(self._namespaces.namespace(name))
        return tuple(Filling(volume=item.claim, percent=item.percent) for item in known)

    def happened(self, name: str) -> tuple[Happening, ...]:
        """The events of the release's namespace, oldest first."""
        return happened(self._namespaces.connection, self._namespaces.namespace(name))

    def handed(self, name: str) -> Mapping[str, str]:
        """What the chart's installer put into its Secret; looked up again after a minute."""
        return self._credentials.of(self._namespaces.namespace(name))

    def scale(self, name: str, replicas: Replicas) -> int:
        """Change the autoscaler and the running number directly: helm would take a second."""
        namespace = self._namespaces.namespace(name)
        return scale(self._namespaces.connection, namespace, f"{namespace}-{WEB}", replicas)

    def backups(self, name: str) -> tuple[Backup, ...]:
        """What a Job of the chart tells that looks at them now."""
        return self._copies.known(self._namespaces.namespace(name), name)

    def back_up(self, name: str, run: str) -> Backup:
        """Have the chart's own CronJob's work done once, now."""
        return self._copies.make(self._namespaces.namespace(name), name, run)

    def loaded(self, name: str) -> bool:
        """Whether the chart's restore Job is complete; one that is not there is not."""
        return self._copies.loaded(self._namespaces.namespace(name))

    def leaving(self, name: str) -> tuple[str, ...]:
        """Pods that serve visitors and are being ended."""
        return leaving(self.watches.synced(self._sync), self._namespaces.namespace(name))

    def writers(self, name: str) -> tuple[str, ...]:
        """Pods of the shop and of its jobs that did not end yet."""
        return self._copies.writers(self._namespaces.namespace(name))

    def stop(self, name: str) -> None:
        """Give the chart the value that lets nothing run and keeps the data.

        Whatever is wrong with the release does not hold that up: what helm cannot stop is stopped
        directly.
        """
        namespace = self._namespaces.namespace(name)
        history = self._records.history(namespace)
        if not history:
            return
        newest = history[-1]
        if newest.stopped and newest.status == "deployed":
            self._halt(name, newest)
            return
        try:
            self._stop(name, history)
        except DriverFailure as failure:
            if failure.code in _UNREACHABLE:
                raise
            if history := self._records.history(namespace):
                self._halt(name, history[-1])

    def _stop(self, name: str, history: list[Revision]) -> None:
        namespace = self._namespaces.namespace(name)
        if history[-1].pending:
            self._await_end(history)
            if not any(item.ran for item in history):
                self._helm.uninstall(namespace)
                return
            # To go back first would start again what is to be stopped.
            self._records.forget(namespace, history[-1])
            history = history[:-1]
        # What the cluster refused it would refuse again; what ran before can be stopped.
        last = next((item for item in reversed(history) if item.ran), history[-1])
        content = self._records.content(namespace, last)
        values = {**content.values, **_STOPPED}
        chart = self._chart(content.chart)
        self._upgrade(name, chart, values, last.digest or "unknown", stopped=True, hooks=False)
        end_jobs(self._namespaces.connection, namespace, STACK)
        self.watches.refresh(namespace, *WORKLOADS)

    def _halt(self, name: str, newest: Revision) -> None:
        """Let nothing run, without helm, and note that on the newest record."""
        namespace = self._namespaces.namespace(name)
        halt(self._namespaces.connection, namespace, STACK)
        if not newest.stopped:
            self._records.label(namespace, newest, **{STATE: "stopped"})
        self.watches.refresh(namespace, "secret", *WORKLOADS)

    def rollback(self, name: str) -> bool:
        """Go back to the revision that ran before; False when there is none."""
        history = self._recover(name)
        before = [item for item in history[:-1] if item.ran and not item.stopped]
        if not before:
            return False
        namespace = self._namespaces.namespace(name)
        self._helm.rollback(namespace, before[-1].number)
        self.watches.refresh(namespace, "secret", *WORKLOADS)
        return True

    def delete(self, name: str) -> None:
        """Uninstall, then delete the namespace with everything in it."""
        namespace = self._namespaces.namespace(name)
        if self._namespaces.ending(name) is None and self._records.history(namespace):
            try:
                self._helm.uninstall(namespace)
            except DriverFailure as failure:
                # With its namespace goes whatever helm could not remove.
                if failure.code in _UNREACHABLE:
                    raise
        self._namespaces.delete(name, patience=self.patience)

    def inventory(self, name: str) -> tuple[str, ...]:
        """The namespace and everything in it, whoever put it there."""
        return self._namespaces.inventory(name)

    def strangers(self, name: str) -> tuple[str, ...]:
        """What neither the chart nor we put into the namespace; it is left alone."""
        return self._namespaces.strangers(name)

    def names(self) -> set[str]:
        """Every release that a namespace is there for."""
        return self._namespaces.names()

    def logs(self, name: str, query: LogQuery) -> list[str]:
        """The last lines of the chosen containers, or of those that are in trouble."""
        troubled: set[str] = set()
        if not query.chosen:
            # Who asks for lines gets them, whether or not it can be said what is wrong.
            with suppress(DriverFailure):
                reasons = self.why(name)
                troubled = {item.thing for item in reasons if item.kind is not CauseKind.STARTING}
        return self._logs.last(self._namespaces.namespace(name), query, troubled)

    def follow(self, name: str, query: LogQuery) -> Iterator[str]:
        """New lines of every chosen container of the release."""
        return self._logs.follow(self._namespaces.namespace(name), query)

    def execute(
        self, name: str, component: str, container: str, argv: Sequence[str], *, timeout: float
    ) -> Result:
        """Run a program in a ready pod of a component to its end, whatever its status."""
        namespace = self._namespaces.namespace(name)
        pod = self._pods.first(namespace, component)
        return self._pods.execute(namespace, pod, container, argv, timeout=timeout)

    def stop_all(self) -> None:
        """Stop watching. What runs in the cluster goes on: its home is not this machine."""
        self.watches.close()
        self._namespaces.connection.close()

    def _seen(self, namespace: str) -> list[Revision]:
        """Every revision, as the watches tell; the cluster is asked itself where they may not."""
        view = self.watches.synced(self._sync)
        if self._namespaces.connection.unreachable_since or self.watches.behind():
            self.watches.refresh(namespace, "secret", *WORKLOADS)
        return revisions(view.of("secret", namespace))

    def _state(self, namespace: str, history: Sequence[Revision], digest: str) -> ReleaseStatus:
        newest = history[-1]
        view = self.watches.synced(self._sync)
        if newest.stopped and halted(view, namespace):
            return ReleaseStatus(state=ReleaseState.STOPPED)
        if newest.pending:
            if self._at_work(history):
                return _status(ReleaseState.PENDING, f"helm is at work: {newest.status}")
            return _status(ReleaseState.FAILED, f"helm was interrupted: {newest.status}")
        if newest.digest != digest or newest.stopped:
            return ReleaseStatus(state=ReleaseState.OUTDATED)
        content = self._records.content(namespace, newest)
        if newest.status != "deployed":
            return _status(ReleaseState.FAILED, content.description)
        if not content.description.startswith((_description(digest), "Rollback to")):
            # Helm hands our labels on to a revision that somebody else made.
            by_hand = Changed(thing=f"release/{namespace}", fields=("values",), who="helm")
            return ReleaseStatus(state=ReleaseState.OUTDATED, changed=(by_hand,))
        if missing(view, namespace, content.workloads):
            # Another worker may have made it an instant ago: a watch is always a little behind.
            self.watches.refresh(namespace, *WORKLOADS)
        if broken := missing(view, namespace, content.workloads):
            return _status(ReleaseState.FAILED, f"{broken[0]}: missing: it is not there any more")
        if changed := self._drift.of(view, namespace, newest, content):
            return ReleaseStatus(
                state=ReleaseState.OUTDATED, changed=tuple(changed), detail=str(changed[0])
            )
        return self._readiness(view, namespace, content.workloads)

    def _readiness(self, view: View, namespace: str, workloads: tuple[str, ...]) -> ReleaseStatus:
        """Whether everything of a release that is as it should be runs as well."""
        # Before the look: what becomes ready after it is told.
        self._awaited[namespace] = workloads
        found = causes(view, namespace, workloads, ground=self._ground.known)
        if not found:
            self._awaited.pop(namespace, None)
            return ReleaseStatus(state=ReleaseState.CURRENT)
        gave_up = failed_jobs(view, namespace, workloads)
        return _status(ReleaseState.FAILED if gave_up else ReleaseState.PENDING, str(found[0]))

    def _at_work(self, history: Sequence[Revision]) -> bool:
        """Whether a helm may still be at work on the newest revision.

        Ours ends with its worker's lease, so it is over for whoever holds that lease now. What
        somebody else began may go on for as long as a helm may live.
        """
        newest = history[-1]
        before = history[-2].run if len(history) > 1 else ""
        ours = newest.status == "uninstalling" or newest.run not in {"", before}
        return newest.age() < (self._grace if ours else max(self._grace, self._helm.longest))

    def _await_end(self, history: Sequence[Revision]) -> None:
        if self._at_work(history):
            raise DriverFailure("release_pending", f"helm is at work: {history[-1].status}")

    def _changed(self, namespace: str) -> None:
        """Tell that a release is ready that somebody waits for; called by the watches."""
        workloads = self._awaited.get(namespace)
        if workloads is None or causes(self.watches.view, namespace, workloads):
            return
        if self._awaited.pop(namespace, None) is not None:
            self._tell(namespace.removeprefix(self._namespaces.prefix))

    def _recover(self, name: str) -> list[Revision]:
        """Clear away what a killed helm left behind, and jobs that gave up; return the history."""
        namespace = self._namespaces.namespace(name)
        history = self._records.history(namespace)
        if history and history[-1].pending:
            self._await_end(history)
            ran = [item for item in history if item.ran]
            if ran and history[-1].status != "uninstalling":
                self._helm.rollback(namespace, ran[-1].number)
            else:
                self._helm.uninstall(namespace)
            history = self._records.history(namespace)
        if history:
            self._forget_failed_jobs(namespace, history[-1])
        return history

    def _forget_failed_jobs(self, namespace: str, newest: Revision) -> None:
        """Delete jobs that gave up, so that helm makes them again."""
        workloads = self._records.content(namespace, newest).workloads
        view = self.watches.synced(self._sync)
        for job, known in failed_jobs(view, namespace, workloads).items():
            path = f"/apis/batch/v1/namespaces/{namespace}/jobs/{job}"
            same = {key: known["metadata"][key] for key in ("uid", "resourceVersion")}
            options = {"propagationPolicy": "Background", "preconditions": same}
            with suppress(NotFoundError, ConflictError):
                self._namespaces.connection.request("DELETE", path, body=options)

    def _upgrade(
        self,
        name: str,
        chart: HelmChart,
        values: Mapping[str, Any],
        digest: str,
        *,
        stopped: bool,
        hooks: bool,
    ) -> None:
        namespace = self._namespaces.namespace(name)
        state = "stopped" if stopped else "running"
        try:
            self._helm.upgrade(
                namespace,
                chart.path,
                {**values, "digest": digest} if chart.marks else values,
                description=_description(digest, state),
                labels={STACK: name, DIGEST: digest, STATE: state, RUN: token_hex(8)},
                # Nothing holds a stop up; there is nothing to be done before it either.
                hooks=hooks,
            )
        except DriverFailure:
            # Or the watches may tell for a moment that helm is at work still, or was interrupted.
            with suppress(ClusterError):
                self.watches.refresh(namespace, "secret")
            raise
        self.watches.refresh(namespace, "secret")

    def _digest(self, release: Release) -> str:
        """Of chart, version and values; a label's value has room for 63 characters."""
        wanted = f"{self._chart(release.chart).digest} {release.digest}"
        return hashlib.sha256(wanted.encode()).hexdigest()[:63]

    def _chart(self, name: str) -> HelmChart:
        chart = self._charts.get(name)
        if chart is None:
            raise DriverFailure("chart_missing", f"no chart “{name}”", transient=False)
        return chart
