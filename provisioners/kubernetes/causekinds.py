"""What can stand in a release's way, by kind; `causes` and the modules below it find them."""

from dataclasses import dataclass
from enum import StrEnum

from provisioners.base import Reason


class CauseKind(StrEnum):
    """What stands in the way; the order is that of how much each explains."""

    TERMINATING = "terminating"
    NO_CONTROLLERS = "controllers_silent"
    """Nobody in the cluster makes what a workload asks for."""
    QUOTA = "quota_exceeded"
    ACCOUNT = "account_missing"
    WEBHOOK = "webhook_refused"
    """An admission webhook refuses a pod, or does not answer."""
    REFUSED = "pod_refused"
    """The admission does not let a pod be made, such as one that may too much."""
    NO_NODE = "no_node"
    NODE_LOST = "node_lost"
    NO_CLASS = "no_storage_class"
    CLASS = "storage_class_unknown"
    PROVISIONER = "provisioner_silent"
    CLAIM_LOST = "volume_lost"
    CLAIM = "claim_pending"
    IMAGE_NAME = "image_name"
    IMAGE_DENIED = "image_denied"
    IMAGE_MISSING = "image_missing"
    IMAGE_PLATFORM = "image_platform"
    REGISTRY_BUSY = "registry_busy"
    REGISTRY = "registry_unreachable"
    IMAGE = "image_pull"
    CONFIG = "container_config"
    """A Secret, ConfigMap or key that a container needs is not there."""
    SANDBOX = "pod_sandbox"
    CONTAINER = "container_start"
    """The container runtime cannot start it."""
    DISK = "volume_full"
    EVICTED = "evicted"
    MEMORY = "out_of_memory"
    CRASH = "crash_loop"
    NODE_PRESSURE = "node_pressure"
    UNSCHEDULABLE = "unschedulable"
    RULES = "node_rules"
    """There are nodes, and what pods and nodes ask of each other does not fit."""
    PINNED = "volume_elsewhere"
    GATED = "scheduling_gated"
    NO_SCHEDULER = "scheduler_silent"
    VOLUME = "volume_mount"
    ENDING = "pod_ending"
    JOB = "job_failed"
    RESTORE = "restore_failed"
    PROBE = "probe_failing"
    MISSING = "missing"
    UNSERVED = "service_empty"
    """Its pods are ready, and a Service leads to none of them."""
    BACKUP = "backup_failed"
    FILLING = "volume_filling"
    BLIND = "autoscaler_blind"
    """The autoscaler knows no figures, so the number of web servers stays as it is."""
    STUCK = "unexplained"
    """It does not get ready, and nobody says why."""
    STARTING = "starting"


@dataclass(frozen=True, kw_only=True)
class Cause(Reason):
    """A reason of a kind that is known here."""

    kind: CauseKind
