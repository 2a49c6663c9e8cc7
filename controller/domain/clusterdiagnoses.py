"""What a cluster can have against a shop, in a person's words, by the kind of the cause.

The kinds are those of `provisioners.kubernetes.causekinds`. No sentence here names a pod or a node
but in what the operator is to do: owners read the causes too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A cause, what to do about it, and the command for that; placeholders as in errors.

    `part` is the part of the shop that it is about; `about`, an image or a node, is the operator's.
    """

    cause: str
    action: str
    command: str


EVENTS = "storectl events %(store)s"
LOGS = "storectl logs %(store)s --tail 100"
CLUSTER = "storectl cluster get %(cluster)s"
LARGER = "storectl plan set %(store)s %(larger)s"
FOLLOW = "storectl events %(store)s -f"

OF_CLUSTERS: Mapping[str, Diagnosis] = {
    "terminating": Diagnosis(
        cause=N_("What ran in its place before is being removed, and that does not end."),
        action=N_(
            "Something waits for a program that is gone. Find out whose finalizer it is that the "
            "cluster names; once it is gone this goes on by itself."
        ),
        command=EVENTS,
    ),
    "quota_exceeded": Diagnosis(
        cause=N_("The shop needs more than its plan may use."),
        action=N_("Give it a larger plan, or fewer web servers."),
        command=LARGER,
    ),
    "pod_refused": Diagnosis(
        cause=N_("A rule of the cluster does not let parts of the shop start."),
        action=N_(
            "Read which rule it is; the shop keeps to the Pod Security Standard “restricted”, so "
            "a policy of the cluster wants more than that."
        ),
        command=EVENTS,
    ),
    "claim_pending": Diagnosis(
        cause=N_("The cluster made no volume for the shop's data yet."),
        action=N_("Check that the cluster's storage class exists and has room."),
        command=CLUSTER,
    ),
    "image_pull": Diagnosis(
        cause=N_("The image of “%(part)s” cannot be fetched."),
        action=N_(
            "Check the name and tag of “%(about)s” (the shop's own comes from "
            "STORECTL_MAGENTO_IMAGE or STORECTL_SANDBOX_IMAGE), and the pull secret that the "
            "cluster needs for that registry."
        ),
        command=EVENTS,
    ),
    "container_config": Diagnosis(
        cause=N_("A password or setting that “%(part)s” needs is not there."),
        action=N_("It is put back by itself; where it stays away, read what removed it."),
        command=EVENTS,
    ),
    "out_of_memory": Diagnosis(
        cause=N_("“%(part)s” needs more memory than its plan gives it."),
        action=N_("Give it a larger plan."),
        command=LARGER,
    ),
    "crash_loop": Diagnosis(
        cause=N_("“%(part)s” ends as soon as it starts."),
        action=N_("Its last lines say why."),
        command=LOGS,
    ),
    "unschedulable": Diagnosis(
        cause=N_("No node of the cluster has room for the shop."),
        action=N_("Add a node or free some; until then let new stores go elsewhere."),
        command="storectl cluster drain %(cluster)s",
    ),
    "volume_mount": Diagnosis(
        cause=N_("A volume cannot be attached where the shop starts."),
        action=N_("It passes once the volume is let go elsewhere; else ask the storage driver."),
        command=EVENTS,
    ),
    "job_failed": Diagnosis(
        cause=N_("Installing or upgrading the shop ended in a failure."),
        action=N_("Its last lines say why; it is tried again by itself."),
        command=LOGS,
    ),
    "probe_failing": Diagnosis(
        cause=N_("“%(part)s” runs and does not pass its health check."),
        action=N_("Its last lines say what it is busy with."),
        command=LOGS,
    ),
    "controllers_silent": Diagnosis(
        cause=N_("Nothing in the cluster acts on what the shop asks for."),
        action=N_("Check kube-controller-manager: it does not run, or is far behind."),
        command=CLUSTER,
    ),
    "account_missing": Diagnosis(
        cause=N_("“%(part)s” cannot start: its service account is not there."),
        action=N_("It is put back by itself; where it stays away, read what removed it."),
        command=EVENTS,
    ),
    "webhook_refused": Diagnosis(
        cause=N_("An admission webhook or policy of the cluster does not let “%(part)s” start."),
        action=N_(
            "Ask whoever runs it to let the shops' namespaces be; where it does not answer, "
            "bring it back."
        ),
        command=EVENTS,
    ),
    "no_node": Diagnosis(
        cause=N_("The cluster has no node that is ready."),
        action=N_("Bring a node back, or add one."),
        command=CLUSTER,
    ),
    "node_lost": Diagnosis(
        cause=N_("The node that “%(part)s” runs on does not work any more."),
        action=N_(
            "Bring the node “%(about)s” back, or delete it, so that what ran there starts "
            "elsewhere."
        ),
        command=CLUSTER,
    ),
    "no_storage_class": Diagnosis(
        cause=N_("The shop's data gets no volume: the cluster has no default storage class."),
        action=N_(
            "Make one the default, or name one with “storectl cluster set %(cluster)s "
            "--storage-class”."
        ),
        command=CLUSTER,
    ),
    "storage_class_unknown": Diagnosis(
        cause=N_(
            "The shop's data gets no volume: the cluster does not have the storage class that "
            "was set."
        ),
        action=N_(
            "Make the storage class “%(about)s”, or name one that is there with “storectl "
            "cluster set %(cluster)s --storage-class”."
        ),
        command=CLUSTER,
    ),
    "provisioner_silent": Diagnosis(
        cause=N_(
            "The shop's data gets no volume: what makes volumes in the cluster does not answer."
        ),
        action=N_("Check that the provisioner “%(about)s” runs."),
        command=CLUSTER,
    ),
    "volume_lost": Diagnosis(
        cause=N_("The volume with the data of “%(part)s” is gone."),
        action=N_("Find out what removed it; a backup brings the data back."),
        command=EVENTS,
    ),
    "image_name": Diagnosis(
        cause=N_("The image of “%(part)s” has a name that no image can have."),
        action=N_(
            "Correct “%(about)s”; the shop's own comes from STORECTL_MAGENTO_IMAGE or "
            "STORECTL_SANDBOX_IMAGE."
        ),
        command=EVENTS,
    ),
    "image_denied": Diagnosis(
        cause=N_("The registry does not hand out the image of “%(part)s” to this cluster."),
        action=N_(
            "Check the name “%(about)s” and the pull secret that the cluster needs for that "
            "registry."
        ),
        command=EVENTS,
    ),
    "image_missing": Diagnosis(
        cause=N_("The image of “%(part)s” is not in its registry."),
        action=N_(
            "Push “%(about)s”, or correct its name and tag; the shop's own comes from "
            "STORECTL_MAGENTO_IMAGE or STORECTL_SANDBOX_IMAGE."
        ),
        command=EVENTS,
    ),
    "image_platform": Diagnosis(
        cause=N_("The image of “%(part)s” is made for other processors than the nodes have."),
        action=N_("Build “%(about)s” for the nodes' architecture."),
        command=EVENTS,
    ),
    "registry_busy": Diagnosis(
        cause=N_("The registry hands out no more images for a while: too many were asked for."),
        action=N_("It is tried again by itself; with a pull secret or a mirror more is allowed."),
        command=EVENTS,
    ),
    "registry_unreachable": Diagnosis(
        cause=N_("The cluster's nodes do not reach the registry with the image of “%(part)s”."),
        action=N_(
            "Check the registry's name in “%(about)s”, the nodes' DNS and way out, and that "
            "they trust its certificate."
        ),
        command=EVENTS,
    ),
    "pod_sandbox": Diagnosis(
        cause=N_("The node cannot make the place that “%(part)s” is to run in."),
        action=N_(
            "Mostly it is the network: check the pods of the cluster's network plugin on that "
            "node, then its container runtime."
        ),
        command=EVENTS,
    ),
    "container_start": Diagnosis(
        cause=N_("The node cannot start the program of “%(part)s”."),
        action=N_(
            "Its words say why: mostly the image lacks the program, or the node is overloaded."
        ),
        command=EVENTS,
    ),
    "volume_full": Diagnosis(
        cause=N_("“%(part)s” has no room left on its volume."),
        action=N_(
            "Make room, or enlarge the volume “%(about)s”: a larger plan has larger ones where "
            "the storage class lets them grow."
        ),
        command=LARGER,
    ),
    "evicted": Diagnosis(
        cause=N_("“%(part)s” was put off its node."),
        action=N_(
            "The node was short of something, or what it wrote outside its volumes became too "
            "much: its words say which. It starts again by itself."
        ),
        command=EVENTS,
    ),
    "node_pressure": Diagnosis(
        cause=N_(
            "The cluster's nodes are short of disk, memory or processes and take nothing new."
        ),
        action=N_("Free some, or add a node."),
        command=CLUSTER,
    ),
    "node_rules": Diagnosis(
        cause=N_("There are nodes, and none of them may run “%(part)s”."),
        action=N_(
            "Taints, selectors, affinities or cordoned nodes keep it away: the scheduler's "
            "words say which."
        ),
        command=EVENTS,
    ),
    "volume_elsewhere": Diagnosis(
        cause=N_("The volume of “%(part)s” cannot be used on a node that has room."),
        action=N_("It belongs to one node or zone: bring a node back there."),
        command=EVENTS,
    ),
    "scheduling_gated": Diagnosis(
        cause=N_("Somebody holds “%(part)s” back with a scheduling gate."),
        action=N_("Whoever set “%(about)s” has to take it away."),
        command=EVENTS,
    ),
    "scheduler_silent": Diagnosis(
        cause=N_("Nobody gives the shop's parts a node."),
        action=N_("Check kube-scheduler: it does not run, or is far behind."),
        command=CLUSTER,
    ),
    "pod_ending": Diagnosis(
        cause=N_("“%(part)s” was told to end and does not."),
        action=N_(
            "Mostly its node is lost: bring it back or delete it; else find out whose "
            "finalizer it is."
        ),
        command=EVENTS,
    ),
    "restore_failed": Diagnosis(
        cause=N_("Bringing the backup back ended in a failure."),
        action=N_("Its last lines say why."),
        command=LOGS,
    ),
    "backup_failed": Diagnosis(
        cause=N_("The shop works, and its last backup failed."),
        action=N_("Its last lines say why; the next one comes on its schedule."),
        command=LOGS,
    ),
    "volume_filling": Diagnosis(
        cause=N_("The shop works, and the volume of “%(part)s” is nearly full."),
        action=N_(
            "Make room, or enlarge the volume “%(about)s”: a larger plan has larger ones where the "
            "storage class lets them grow."
        ),
        command=LARGER,
    ),
    "service_empty": Diagnosis(
        cause=N_("The pods of “%(part)s” are ready, and its Service leads to none of them."),
        action=N_(
            "Somebody changed the Service's selector or the pods' labels: take “"
            "storecontroller.io/drift: keep” off it, and what the chart says is put back; what was "
            "added to it is to be removed by hand."
        ),
        command=EVENTS,
    ),
    "autoscaler_blind": Diagnosis(
        cause=N_("The shop works, and its autoscaler knows no figures: no web server is added."),
        action=N_(
            "Install metrics-server in the cluster, or see why it has none of these pods; until "
            "then set a number: storectl scale NAME --now N."
        ),
        command=EVENTS,
    ),
    "unexplained": Diagnosis(
        cause=N_("“%(part)s” does not get ready, and the cluster does not say why."),
        action=N_("What is seen of it stands above; its own lines may say more."),
        command=LOGS,
    ),
    "missing": Diagnosis(
        cause=N_("Somebody removed a part of the shop."),
        action=N_("It is put back by itself; follow it."),
        command=FOLLOW,
    ),
    "starting": Diagnosis(
        cause=N_("The shop is starting, and nothing stands in its way."),
        action=N_("Nothing needs to be done; follow it."),
        command=FOLLOW,
    ),
}
