"""What people call phases, operations, their states and conditions: for pages and command line.

A phase and an operation have two names: the term that the API, the documents and the command line
have, and the words that an owner reads. They stand side by side, so that both are there for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.domain.conditions import Phase
from controller.domain.operations import OperationKind, OperationState, StepState
from controller.i18n import N_


@dataclass(frozen=True)
class PhaseLabel:
    """A phase in one word: the API's own, and an owner's."""

    term: str
    word: str


@dataclass(frozen=True)
class KindLabel:
    """An operation: the verb that asks for it, what it is called, and its heading while it runs."""

    term: str
    title: str
    doing: str


PHASES: Mapping[Phase, PhaseLabel] = {
    Phase.PENDING: PhaseLabel(N_("Pending"), N_("Waiting")),
    Phase.PROVISIONING: PhaseLabel(N_("Provisioning"), N_("Being set up")),
    Phase.READY: PhaseLabel(N_("Ready"), N_("Open")),
    Phase.CHANGING: PhaseLabel(N_("Changing"), N_("Being changed")),
    Phase.DEGRADED: PhaseLabel(N_("Degraded"), N_("Not well")),
    Phase.SUSPENDING: PhaseLabel(N_("Suspending"), N_("Being paused")),
    Phase.SUSPENDED: PhaseLabel(N_("Suspended"), N_("Paused")),
    Phase.RETIRING: PhaseLabel(N_("Retiring"), N_("Being closed")),
    Phase.RETIRED: PhaseLabel(N_("Retired"), N_("Closed")),
    Phase.PURGING: PhaseLabel(N_("Purging"), N_("Being destroyed")),
    Phase.PURGED: PhaseLabel(N_("Purged"), N_("Destroyed")),
    Phase.FAILED: PhaseLabel(N_("Failed"), N_("Failed")),
}

KINDS: Mapping[OperationKind, KindLabel] = {
    OperationKind.CREATE: KindLabel(N_("create"), N_("Opening the shop"), N_("Creating %(store)s")),
    OperationKind.CHANGE: KindLabel(
        N_("change"), N_("Changing the settings"), N_("Changing %(store)s")
    ),
    OperationKind.PUSH: KindLabel(
        N_("push"), N_("Writing all settings again"), N_("Writing all settings of %(store)s again")
    ),
    OperationKind.SCALE: KindLabel(
        N_("scale"),
        N_("Changing the number of web servers"),
        N_("Changing how many web servers %(store)s has"),
    ),
    OperationKind.IMAGE: KindLabel(
        N_("image"), N_("Another version"), N_("Bringing %(store)s to another image")
    ),
    OperationKind.BACKUP: KindLabel(
        N_("backup"), N_("Making a backup"), N_("Backing up %(store)s")
    ),
    OperationKind.RESTORE: KindLabel(
        N_("restore"), N_("Loading the backup"), N_("Restoring %(store)s from a backup")
    ),
    OperationKind.SUSPEND: KindLabel(
        N_("suspend"), N_("Pausing the shop"), N_("Closing %(store)s to customers")
    ),
    OperationKind.RESUME: KindLabel(
        N_("resume"), N_("Opening the shop again"), N_("Opening %(store)s again")
    ),
    OperationKind.RETIRE: KindLabel(N_("retire"), N_("Closing the shop"), N_("Retiring %(store)s")),
    OperationKind.UNDELETE: KindLabel(
        N_("undelete"), N_("Bringing the shop back"), N_("Bringing %(store)s back")
    ),
    OperationKind.PURGE: KindLabel(
        N_("purge"), N_("Destroying the shop's data"), N_("Destroying %(store)s and its data")
    ),
}

STATES: Mapping[OperationState, str] = {
    OperationState.PENDING: N_("Waiting"),
    OperationState.RUNNING: N_("In work"),
    OperationState.SUCCEEDED: N_("Done"),
    OperationState.FAILED: N_("Failed"),
    OperationState.SUPERSEDED: N_("Replaced"),
}

STEP_STATES: Mapping[StepState, str] = {
    StepState.PENDING: N_("not begun"),
    StepState.RUNNING: N_("in work"),
    StepState.DONE: N_("done"),
    StepState.FAILED: N_("failed"),
}

CONDITIONS: Mapping[str, str] = {
    "Ready": N_("Ready"),
    "InfrastructureReady": N_("Surroundings"),
    "SecretsApplied": N_("Access keys"),
    "Released": N_("Shop software"),
    "Answering": N_("Answering"),
    "Steady": N_("Runs steadily"),
    "VolumesRoomy": N_("Volumes have room"),
    "BackedUp": N_("Backups made as asked"),
    "Autoscaling": N_("Scaling by itself"),
    "Watched": N_("Looked at"),
    "Priced": N_("Exchange rates"),
    "Translated": N_("Texts of its languages"),
    "Bound": N_("Website and languages"),
    "Routed": N_("Web address"),
    "Configured": N_("Currency, payment and shipping"),
    "Selling": N_("Taking orders"),
    "Mailing": N_("Sending mails"),
}
