"""`storectl cluster add`, `list`, `get`, `set`, `drain`, `activate` and `remove`."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import cluster_files, labels
from cli.cluster_options import (
    Capacity,
    ClusterName,
    Context,
    Domain,
    Gateway,
    GatewayNamespace,
    Infrastructure,
    IngressClass,
    Issuer,
    Kubeconfig,
    MailPassword,
    PullSecret,
    Region,
    RemoveVariable,
    SecretVariable,
    SharedStorage,
    ShopAddress,
    StorageClass,
    Tls,
    Values,
    Variable,
    Variables,
)
from cli.confirm import ask
from cli.errors import UsageFaultError
from cli.options import Output, Yes
from cli.output import Format, note, resource, resources, result
from cli.session import Session
from cli.texts import _
from cli.verbs import NounGroup, new_app, verb
from controller.domain.clusterfindings import said

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.client import Resource

app = new_app(name="cluster", cls=NounGroup, help=_("Look after the clusters that stores run on."))


@verb(
    app,
    "add",
    text=_("Add a cluster once it lets us in."),
    more=_(
        "The cluster is asked for its version and whether the account may make namespaces; "
        "nothing is kept when it refuses. Then its nodes, controllers, storage and ingress "
        "classes, metrics and our rights are looked at, and again every minute: what is not right "
        "is told here and by “cluster get”. Adding the same again renews the way in."
    ),
    examples=(
        "storectl cluster add north --kubeconfig north.yaml --domain shops.example.com",
        "storectl cluster add eu --kubeconfig k.yaml --context eu --domain e.example --region eu",
        "storectl cluster add home --in-cluster --domain shops.example.com",
    ),
)
def add(
    session: Session,
    name: ClusterName,
    *,
    domain: Annotated[
        str,
        typer.Option(
            "--domain",
            metavar="NAME",
            help=_("Shops are reached at STORE.NAME: a wildcard leads there."),
            show_default=False,
        ),
    ],
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    in_cluster: Annotated[
        bool, typer.Option("--in-cluster", help=_("The cluster that the control plane runs in."))
    ] = False,
    region: Region = None,
    capacity: Capacity = None,
    tls: Tls = None,
    shop_address: ShopAddress = None,
    storage_class: StorageClass = None,
    shared_storage_class: SharedStorage = None,
    ingress_class: IngressClass = None,
    issuer: Issuer = None,
    gateway: Gateway = None,
    gateway_namespace: GatewayNamespace = None,
    infrastructure: Infrastructure = None,
    variable: Variable = None,
    variables: Variables = None,
    values: Values = None,
    pull_secret: PullSecret = None,
    mail_password: MailPassword = None,
    secret_variable: SecretVariable = None,
    output: Output = Format.TABLE,
) -> None:
    """Add a cluster."""
    if in_cluster is (kubeconfig is not None):
        detail = _("Give either --kubeconfig or --in-cluster.")
        raise UsageFaultError(detail=detail, command="storectl cluster add")
    body = {
        "name": name,
        "inCluster": in_cluster or None,
        "kubeconfig": kubeconfig and cluster_files.kubeconfig(kubeconfig, context),
        "domain": domain,
        "region": region,
        "capacity": capacity,
        "tls": tls,
        "shopAddress": shop_address,
        "storageClass": storage_class,
        "sharedStorageClass": shared_storage_class,
        "ingressClass": ingress_class,
        "certificateIssuer": issuer,
        "gateway": gateway,
        "gatewayNamespace": gateway_namespace,
        "infrastructure": infrastructure,
        "values": None if values is None else cluster_files.document(values),
        "pullSecret": pull_secret and cluster_files.text(pull_secret),
        "mailPassword": mail_password and cluster_files.secret(mail_password),
        "variables": cluster_files.variables(variable or (), variables) or None,
        "secretVariables": cluster_files.secrets(secret_variable or ()) or None,
    }
    reply = session.client.add_cluster(_said(body))
    if reply.status == 200 and not output.machine:
        note(_("“%(cluster)s” was there already; its way in is renewed.") % {"cluster": name})
    _tell(reply.body, output, _added)


@verb(
    app,
    "list",
    text=_("List clusters: how many stores they hold, and whether they answer."),
    examples=("storectl cluster list", "storectl cluster list -o wide"),
)
def list_clusters(session: Session, *, output: Output = Format.TABLE) -> None:
    """Print clusters."""

    def table(found: "list[Resource]") -> "RenderableType":
        from cli import cluster_pages  # noqa: PLC0415 -- programs do without Rich.

        return cluster_pages.clusters(found, wide=output is Format.WIDE)

    resources(
        session.client.clusters(),
        output,
        lambda cluster: str(cluster["metadata"]["name"]),
        table,
        _("There are no clusters: stores run beside the control plane. See: storectl cluster add"),
    )


@verb(
    app,
    "get",
    text=_("Show everything about a cluster."),
    examples=("storectl cluster get north", "storectl cluster get north -o yaml"),
)
def get(session: Session, name: ClusterName, *, output: Output = Format.TABLE) -> None:
    """Print one cluster."""
    _show(session.client.cluster(name), output)


@verb(
    app,
    "set",
    text=_("Change what is said of a cluster, or renew the way in."),
    more=_("Stores that are there stay where they are; an empty name is the cluster's default."),
    examples=(
        "storectl cluster set north --capacity 800",
        "storectl cluster set north --kubeconfig renewed.yaml",
        "storectl cluster set north --storage-class ''",
    ),
)
def change(
    session: Session,
    name: ClusterName,
    *,
    domain: Domain = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    region: Region = None,
    capacity: Capacity = None,
    tls: Tls = None,
    shop_address: ShopAddress = None,
    storage_class: StorageClass = None,
    shared_storage_class: SharedStorage = None,
    ingress_class: IngressClass = None,
    issuer: Issuer = None,
    gateway: Gateway = None,
    gateway_namespace: GatewayNamespace = None,
    infrastructure: Infrastructure = None,
    variable: Variable = None,
    variables: Variables = None,
    values: Values = None,
    pull_secret: PullSecret = None,
    mail_password: MailPassword = None,
    secret_variable: SecretVariable = None,
    remove_variable: RemoveVariable = None,
    output: Output = Format.TABLE,
) -> None:
    """Change a cluster."""
    said: dict[str, Any] = cluster_files.variables(variable or (), variables)
    secrets: dict[str, Any] = dict(cluster_files.secrets(secret_variable or ()))
    if remove_variable:
        hidden = session.client.cluster(name)["spec"]["secretVariables"]
        for gone in remove_variable:
            (secrets if gone in hidden else said)[gone] = None
    patch = {
        "kubeconfig": kubeconfig and cluster_files.kubeconfig(kubeconfig, context),
        "domain": domain,
        "region": region,
        "capacity": capacity,
        "tls": tls,
        "shopAddress": shop_address,
        "storageClass": storage_class,
        "sharedStorageClass": shared_storage_class,
        "ingressClass": ingress_class,
        "certificateIssuer": issuer,
        "gateway": gateway,
        "gatewayNamespace": gateway_namespace,
        "infrastructure": infrastructure,
        "values": None if values is None else cluster_files.document(values),
        "pullSecret": pull_secret and cluster_files.text(pull_secret),
        "mailPassword": mail_password and cluster_files.secret(mail_password),
        "variables": said or None,
        "secretVariables": secrets or None,
    }
    wanted = _said(patch)
    if not wanted:
        detail = _("Nothing to change was given.")
        raise UsageFaultError(detail=detail, command="storectl cluster set")
    _show(session.client.change_cluster(name, wanted), output)


@verb(
    app,
    "drain",
    text=_("Let no new store go to a cluster."),
    more=_("Nothing is moved: stores that are there go on and are looked after as before."),
    examples=("storectl cluster drain north",),
)
def drain(session: Session, name: ClusterName, *, output: Output = Format.TABLE) -> None:
    """Drain a cluster and say what is still there."""
    found = session.client.steer_cluster(name, "drain")
    _tell(found, output, _drained)
    if output.machine or output is Format.NAME:
        return
    if left := found["status"]["stacks"]:
        note(
            _("Stores that are still there and go on: %(count)s. Nothing is moved.")
            % {"count": left}
            + "\n"
            + _("They are: storectl list --cluster %(cluster)s") % {"cluster": name}
            + "\n"
            + _("Once each is retired and purged: storectl cluster remove %(cluster)s")
            % {"cluster": name}
        )
    else:
        note(_("Nothing is there: storectl cluster remove %(cluster)s") % {"cluster": name})


@verb(
    app,
    "activate",
    text=_("Let new stores go to a drained cluster again."),
    examples=("storectl cluster activate north",),
)
def activate(session: Session, name: ClusterName, *, output: Output = Format.TABLE) -> None:
    """Activate a cluster."""
    _tell(session.client.steer_cluster(name, "activate"), output, _activated)


@verb(
    app,
    "remove",
    text=_("Forget a cluster that holds no stores; nothing in it is touched."),
    examples=("storectl cluster remove north", "storectl cluster remove north --yes"),
)
def remove(
    session: Session,
    name: ClusterName,
    *,
    yes: Yes = False,
    ignore_not_found: Annotated[
        bool, typer.Option("--ignore-not-found", help=_("No error when there is no such cluster."))
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Remove a cluster after a confirmation; for programs its last state is printed."""
    shown = labels.printable(name)
    if ignore_not_found and name not in _names(session):
        note(_("There is no cluster “%(cluster)s”; nothing was done.") % {"cluster": shown})
        return
    found = session.client.cluster(name)
    if not yes:
        command = f"storectl cluster remove {name}"
        question = _("Forget the cluster “%(cluster)s” and the way into it?") % {"cluster": shown}
        ask(session, question, command=command, again=f"{command} --yes")
    session.client.remove_cluster(name)
    _tell(found, output, lambda _found: _("%(cluster)s is forgotten.") % {"cluster": shown})


def _names(session: Session) -> list[str]:
    return [item["metadata"]["name"] for item in session.client.clusters()]


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _show(found: "Resource", output: Format) -> None:
    def page() -> "RenderableType":
        from cli import cluster_pages  # noqa: PLC0415 -- programs do without Rich.

        if output is Format.WIDE:
            return cluster_pages.clusters([found], wide=True)
        return cluster_pages.cluster(found)

    resource(found, output, str(found["metadata"]["name"]), page)


def _tell(found: "Resource", output: Format, sentence: "Callable[[Resource], str]") -> None:
    """Print a cluster that was changed: in a sentence, or as it was asked for."""
    if output is Format.TABLE:
        result(sentence(found))
    else:
        _show(found, output)


def _added(found: "Resource") -> str:
    wrong = "".join(f"\n{line}" for line in _findings(found))
    if found["status"].get("fit") is False:
        name = labels.printable(found["metadata"]["name"])
        return _("%(cluster)s is added and not ready for shops:") % {"cluster": name} + wrong
    facts = {
        "cluster": labels.printable(found["metadata"]["name"]),
        "version": labels.printable(found["status"]["version"]),
        "room": found["status"]["room"],
        "domain": labels.printable(found["spec"]["domain"]),
    }
    return (
        _("%(cluster)s is ready: Kubernetes %(version)s, room for %(room)s stores at *.%(domain)s.")
        % facts
        + wrong
    )


def _findings(found: "Resource") -> "Iterator[str]":
    """What is not right with it, what keeps shops from running first."""
    items = found["status"].get("findings") or ()
    for item in sorted(items, key=lambda item: not item["blocks"]):
        cause, action = said(item, _)
        yield labels.printable(f"{'✗' if item['blocks'] else '!'} {cause} {action}")


def _drained(found: "Resource") -> str:
    return _("%(cluster)s takes no new stores.") % {
        "cluster": labels.printable(found["metadata"]["name"])
    }


def _activated(found: "Resource") -> str:
    facts = {
        "cluster": labels.printable(found["metadata"]["name"]),
        "room": found["status"]["room"],
    }
    return _("%(cluster)s takes new stores again: room for %(room)s.") % facts
