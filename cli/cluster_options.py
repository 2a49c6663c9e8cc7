"""Options of `storectl cluster add` and `set`."""

from typing import Annotated, Any

import typer

from cli.texts import _


def _option(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text, show_default=False)


ClusterName = Annotated[
    str, typer.Argument(metavar="NAME", help=_("The cluster's name."), show_default=False)
]


Kubeconfig = Annotated[
    str | None,
    _option("--kubeconfig", "FILE", _("The way in; files that it names are put into it.")),
]
Context = Annotated[
    str | None,
    _option("--context", "NAME", _("Context of the kubeconfig, if not its current one.")),
]
Domain = Annotated[
    str | None,
    _option("--domain", "NAME", _("Shops are reached at STORE.NAME: a wildcard leads there.")),
]
Region = Annotated[str | None, _option("--region", "NAME", _("Where it is, for create --region."))]
Capacity = Annotated[
    int | None,
    typer.Option(
        "--capacity", min=1, max=10000, help=_("How many stores it may hold."), show_default=False
    ),
]
Tls = Annotated[
    bool | None,
    typer.Option(
        "--tls/--no-tls", help=_("Whether shops are reached by https."), show_default=False
    ),
]
ShopAddress = Annotated[
    str | None,
    _option(
        "--shop-address",
        "URL",
        _("How we reach shops, with {namespace} and {host}; else inside the cluster."),
    ),
]
StorageClass = Annotated[
    str | None, _option("--storage-class", "NAME", _("For volumes; else the cluster's default."))
]
SharedStorage = Annotated[
    str | None,
    _option("--shared-storage-class", "NAME", _("For volumes that pods of several nodes write.")),
]
IngressClass = Annotated[
    str | None, _option("--ingress-class", "NAME", _("For shops' addresses; else the default."))
]
Issuer = Annotated[
    str | None,
    _option("--issuer", "NAME", _("cert-manager's ClusterIssuer for shops' certificates.")),
]
Gateway = Annotated[
    str | None, _option("--gateway", "NAME", _("A Gateway to use instead of an Ingress."))
]
GatewayNamespace = Annotated[
    str | None, _option("--gateway-namespace", "NAME", _("Where the Gateway is."))
]
Infrastructure = Annotated[
    str | None,
    _option("--infrastructure", "MODULE", _("Terraform module for what a stack needs around it.")),
]
Variable = Annotated[
    list[str] | None,
    _option(
        "--variable",
        "NAME=VALUE",
        _("Variable of the module, JSON or text; more than once for more."),
    ),
]
Variables = Annotated[
    str | None, _option("--variables", "FILE", _("JSON file with variables of the module."))
]
SecretVariable = Annotated[
    list[str] | None,
    _option(
        "--secret-variable",
        "NAME=FILE",
        _("What the module's providers sign in with, read from a file; more than once for more."),
    ),
]
Values = Annotated[
    str | None,
    _option("--values", "FILE", _("YAML file with the chart's values for every store there.")),
]
PullSecret = Annotated[
    str | None,
    _option("--pull-secret", "FILE", _("Logins of registries: docker's config.json.")),
]
MailPassword = Annotated[
    str | None,
    _option("--mail-password", "FILE", _("Password of the mail server that the values name.")),
]
RemoveVariable = Annotated[
    list[str] | None,
    _option(
        "--remove-variable",
        "NAME",
        _("Take a variable of the module away, an open or a sensitive one."),
    ),
]
