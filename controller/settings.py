"""Every setting, from environment variables that begin with STORECTL_. `bootstrap` reads them once.

A group's fields are written with two underscores: STORECTL_SMTP__HOST.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from controller.domain.errors.stacks import InvalidImageError
from controller.domain.images import parse_image
from controller.domain.mail import Encryption, Relay, usual_encryption

ROOT = Path(__file__).resolve().parent.parent
"""Where templates, migrations and the sandbox shop lie."""


class SmtpSettings(BaseModel):
    """How mails leave; without a host they are shown at /outbox and go nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = ""
    """Name of the mail server."""
    port: int = 587
    """Its port."""
    starttls: bool = True
    """Whether the connection is encrypted before anything is said."""
    username: str = ""
    """User name, when the server wants one."""
    password: SecretStr = SecretStr("")
    """Password of the user."""
    sender: str = "shops@localhost"
    """Address in From."""


class ShopSmtpSettings(BaseModel):
    """The mail server of shops that have none of their own; without a host they send no mails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = ""
    """Its name. Shops hold the password, so it is not the account of STORECTL_SMTP."""
    port: int = Field(default=587, ge=1, le=65535)
    """Its port."""
    encryption: Encryption | None = None
    """none, starttls or tls; at port 465 tls, else starttls, unless set."""
    username: str = ""
    """User name, when the server wants one."""
    password: SecretStr = SecretStr("")
    """Password of the user."""
    sender: str = ""
    """Address in From; each shop's own contact unless set."""
    test_to: str = ""
    """Who gets the shops' test mails; each shop's own contact unless set."""

    @property
    def relay(self) -> Relay:
        """As shops are told."""
        return Relay(
            host=self.host,
            port=self.port,
            encryption=self.encryption or usual_encryption(self.port),
            username=self.username,
            sender=self.sender,
            password=self.password.get_secret_value(),
        )


class LimitSettings(BaseModel):
    """What the platform takes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stores_per_tenant: int = Field(default=10, ge=1)
    """Live and tombstoned stores that a tenant may make; the operator is not held to it."""
    open_operations: int = Field(default=500, ge=1)
    """Operations accepted and not finished; more are answered 429."""
    tombstone_days: float = Field(default=30, ge=0)
    """Days for which a retired store can be brought back."""
    codes_per_hour: int = Field(default=6, ge=1)
    """One-time codes mailed to one address in an hour."""


class WorkerSettings(BaseModel):
    """How the reconciler works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int = Field(default=4, ge=1)
    """Subjects reconciled at once in one process."""
    sweep_seconds: float = Field(default=0.5, gt=0)
    """How often the database is asked for what is due."""
    resync_seconds: float = Field(default=5.0, gt=0)
    """How often a healthy subject is looked at."""
    lease_seconds: float = Field(default=15.0, gt=0)
    """How long a dead worker's subject stays with it."""
    prove_seconds: float = Field(default=3600.0, gt=0)
    """How often a test purchase is repeated."""


class RateSettings(BaseModel):
    """Where exchange rates come from, and how they go to the shops."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["none", "ecb", "frankfurter", "openexchangerates", "file"] = "ecb"
    """Who is asked; nobody is, as long as every store has one currency."""
    url: str = ""
    """Another address of the source; for `file` the path."""
    app_id: SecretStr = SecretStr("")
    """The key that Open Exchange Rates wants."""
    every_seconds: float = Field(default=3600.0, gt=0)
    """How often the source is asked."""
    max_age_days: int = Field(default=3, ge=0)
    """Business days that its answer may be behind; older ones are refused."""
    oldest_days: int = Field(default=14, ge=1)
    """Days after which a rate in force is not believed any more: its currency is not offered."""
    max_move_percent: Decimal = Field(default=Decimal(10), gt=0)
    """A quote that moved further waits for the operator's approval."""
    concurrency: int = Field(default=650, ge=1)
    """Shops that are sent rates at once; what a crash sends again at most."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a shop or source may take to answer."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "file" and not self.url:
            raise ValueError("the source `file` needs the path in url")
        if self.source == "openexchangerates" and not self.app_id.get_secret_value():
            raise ValueError("Open Exchange Rates needs app_id")
        return self


class KubernetesSettings(BaseModel):
    """How clusters are driven."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    helm: str = "helm"
    """The helm program, version 3.17 or newer, or 4."""
    helm_at_once: int | None = Field(default=None, ge=1)
    """Releases changed at once in one cluster by one process; one per processor unless set."""
    helm_timeout_seconds: float = Field(default=3600.0, gt=0)
    """How long helm may take; a new image's upgrade of the database is part of it."""
    values: str = ""
    """A YAML file with the chart's values for every store: `values`, and `plans` by their names."""
    probe_seconds: float = Field(default=10.0, gt=0)
    """How often each cluster is asked whether it answers."""


class TerraformSettings(BaseModel):
    """How what stacks need outside their cluster is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str = "tofu"
    """OpenTofu 1.11 or newer, or terraform."""
    states: Literal["database", "kubernetes"] = "database"
    """Where states are kept: beside the registry, or in Secrets of a cluster."""
    kubeconfig: str = ""
    """For `kubernetes`: a file that leads to the cluster; our own pod's account unless set."""
    namespace: str = "store-controller"
    """For `kubernetes`: the namespace of the Secrets."""
    modules: str = ""
    """A directory with modules of your own, one in each directory, beside ours."""
    mirror: str = ""
    """A directory of providers; without one they come from their registry."""
    at_once: int = Field(default=2, ge=1)
    """Runs at once in one process."""


class Settings(BaseSettings):
    """The control plane's settings."""

    model_config = SettingsConfigDict(
        env_prefix="STORECTL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    home: Path = ROOT / "var"
    """Directory of the embedded control plane's data."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8080, ge=1, le=65535)
    """Port to listen on."""
    public_url: str = ""
    """How people reach the control plane; its own address unless set."""
    database_url: str = ""
    """sqlite:///… or postgresql://…; a file in the home unless set."""
    redis_url: str = ""
    """redis://…: what wakes other processes; without it there is one process."""
    master_key: SecretStr = SecretStr("")
    """At least 32 characters that every derived secret hangs on; a file in the home unless set."""
    vault_keys: SecretStr = SecretStr("")
    """Keys that payment and carrier secrets are sealed with, newest first, separated by commas; one
    that derives from the master key unless set."""
    shop_ports: str = "18100-28099"
    """First and last port that shops of this machine may use."""
    demo: bool = True
    """Whether the first start makes a demonstration store."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """From which level on is logged."""
    log_json: bool = False
    """Whether logs are JSON lines."""
    smtp: SmtpSettings = SmtpSettings()
    """How mails leave."""
    shop_smtp: ShopSmtpSettings = ShopSmtpSettings()
    """How the mails of shops leave."""
    limits: LimitSettings = LimitSettings()
    """What the platform takes on."""
    worker: WorkerSettings = WorkerSettings()
    """How the reconciler works."""
    magento_image: str = ""
    """What new stores on clusters run: REPOSITORY:TAG or REPOSITORY@DIGEST; built from
    images/magento."""
    sandbox_image: str = ""
    """What new sandbox shops on clusters run, said likewise; built from images/sandbox."""
    kubernetes: KubernetesSettings = KubernetesSettings()
    """How clusters are driven."""
    terraform: TerraformSettings = TerraformSettings()
    """How what stacks need outside their cluster is built."""
    rates: RateSettings = RateSettings()
    """Where exchange rates come from, and how they go to the shops."""

    @property
    def sealing_keys(self) -> list[str]:
        """The keys of the vault, the newest first."""
        keys = self.vault_keys.get_secret_value().split(",")
        return [key.strip() for key in keys if key.strip()]

    @field_validator("vault_keys")
    @classmethod
    def _strong_enough(cls, value: SecretStr) -> SecretStr:
        if any(len(key.strip()) < 32 for key in value.get_secret_value().split(",") if key):
            raise ValueError("at least 32 characters each")
        return value

    @field_validator("master_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:
            raise ValueError("at least 32 characters")
        return value

    @field_validator("magento_image", "sandbox_image")
    @classmethod
    def _an_image(cls, value: str) -> str:
        try:
            return str(parse_image(value)) if value else ""
        except InvalidImageError as error:
            raise ValueError(f"{error} {error.action}") from error

    @field_validator("shop_ports")
    @classmethod
    def _ports_in_order(cls, value: str) -> str:
        first, _, last = value.partition("-")
        if not (first.isdigit() and last.isdigit() and 0 < int(first) <= int(last) < 65_536):
            raise ValueError("two ports such as 18100-28099")
        return value

    @property
    def url(self) -> str:
        """How people reach the control plane, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def effective_database_url(self) -> str:
        """The database that is used."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'registry.sqlite3'}"

    @property
    def ports(self) -> range:
        """The ports of shops."""
        first, _, last = self.shop_ports.partition("-")
        return range(int(first), int(last) + 1)

    @property
    def tombstone(self) -> timedelta:
        """For how long a retired store can be brought back."""
        return timedelta(days=self.limits.tombstone_days)
