"""The modules: what they refuse, what they tell, which arguments they use, and what they make."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from provisioners.base import ChangeKind, DriverFailure, Infrastructure
from provisioners.terraform.builder import OUTPUTS, PROTECTION, Module, Terraform
from provisioners.terraform.localstates import LocalStates
from provisioners.terraform.program import Program
from scripts.clusterkit.base import ROOT
from tests.cluster.terraform_services import ADMIN, PASSWORD, PROVIDERS, Shared, missing, shared

MODULES = ROOT / "templates/terraform"
NAMES = ("in-cluster", "shared-services", "aws")
PINNED = json.loads((Path(__file__).parent / "terraform/arguments.json").read_text())
UID = "01kaq2t8f0"
PASSWORDS = {
    "database_password": "a-password-of-the-shop",
    "media_secret_key": "a-secret-key-of-the-shop",
}
EVERYTHING: dict[str, Any] = {
    "uid": UID,
    "labels": {"store": "acme"},
    "database": {"host": "db.example"},
    "media": {"endpoint": "https://s3.example"},
    "dns": {"zone": "shops.example.", "name": "acme", "target": ["192.0.2.1"]},
}
ON_AWS: dict[str, Any] = {
    "uid": UID,
    "region": "eu-central-1",
    "database": {"subnet_group": "shops", "security_group_ids": ["sg-1"]},
    "media": {},
    "dns": {"zone_id": "Z1", "name": "acme.shops.example.com", "target": ["lb.example.com"]},
}


def builder(tools: Path, home: Path, modules: dict[str, Path], **reaching: Any) -> Terraform:
    """A builder; without more it has no providers."""
    program = Program(binary=str(tools / "tofu"), **reaching)
    named = {name: Module(path=path) for name, path in modules.items()}
    return Terraform(program, LocalStates(home / "states"), named, home=home / "runs")


def test_a_stack_in_its_cluster_has_nothing_and_leaves_no_state(
    tools: Path, tmp_path: Path
) -> None:
    plain = builder(tools, tmp_path, {"cluster": MODULES / "in-cluster"})
    wanted = Infrastructure(name=UID, module="cluster", variables={"uid": UID})
    built = plain.apply(wanted)
    assert (built.outputs, built.changed) == (dict.fromkeys(OUTPUTS), 0)
    assert (plain.names(), plain.inventory(UID), plain.outputs(UID)) == (set(), (), {})
    plain.destroy(wanted)


@pytest.mark.parametrize("module", NAMES)
def test_a_module_is_written_as_the_formatter_writes_it(module: str, tools: Path) -> None:
    done = subprocess.run(
        [tools / "tofu", "fmt", "-check", "-diff", MODULES / module],
        capture_output=True,
        text=True,
        check=False,
        env={"TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"},
    )
    assert (done.returncode, done.stdout) == (0, "")


def text(module: str) -> str:
    return "\n".join(file.read_text() for file in sorted((MODULES / module).glob("*.tf")))


@pytest.mark.parametrize("module", NAMES)
def test_every_module_takes_and_tells_the_same(module: str) -> None:
    outputs = re.findall(r'^output "(\w+)"', text(module), re.MULTILINE)
    variables = re.findall(r'^variable "(\w+)"', text(module), re.MULTILINE)
    assert tuple(outputs) == OUTPUTS
    assert {"uid", "labels", PROTECTION, "force_destroy"} <= set(variables)


SECRETS = re.compile(
    r'^variable "(\w*(?:password|secret)\w*)" \{(.*?)^\}', re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("module", NAMES)
def test_secrets_are_given_in_sensitive_and_written_without_being_kept(module: str) -> None:
    for name, body in SECRETS.findall(text(module)):
        assert re.search(r"sensitive +== *true|sensitive +=  *true", body), name
        uses = re.findall(rf"^ +(\w+) += var\.{name}$", text(module), re.MULTILINE)
        assert uses, name
        assert all(use.endswith("_wo") for use in uses), (name, uses)
    assert "random_password" not in text(module)


def changed(base: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Variables of which some, or parts of some, are otherwise."""
    found = dict(base)
    for name, value in parts.items():
        mixed = isinstance(value, dict) and isinstance(found.get(name), dict)
        found[name] = {**found[name], **value} if mixed else value
    return found


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("a uid with capitals", "shared-services", {"uid": "A1"}, "small letters"),
    ("a host with a slash", "shared-services", {"database": {"host": "a/b"}}, "host is a name"),
    ("no port", "shared-services", {"database": {"port": 0}}, "between 1 and 65535"),
    ("an underscore", "shared-services", {"database": {"name": "a_b"}}, "small letters and digits"),
    ("a latin collation", "shared-services", {"database": {"collation": "latin1"}}, "utf8mb4"),
    ("an unknown tls", "shared-services", {"database": {"tls": "YES"}}, "NONE, SSL or X509"),
    ("a short password", "shared-services", {"database_password": "short"}, "at least 16"),
    ("an endpoint without scheme", "shared-services", {"media": {"endpoint": "s3"}}, "is a URL"),
    ("a bucket with dots", "shared-services", {"media": {"bucket": "a.b"}}, "3 to 63"),
    (
        "two buckets",
        "shared-services",
        {"media": {"bucket": "one-a", "shared_bucket": "two-b"}},
        "Either a bucket",
    ),
    ("no quota at all", "shared-services", {"media": {"quota_bytes": 0}}, "more than nothing"),
    ("a zone without its dot", "shared-services", {"dns": {"zone": "a.b"}}, "ends with a dot"),
    ("a name with a blank", "shared-services", {"dns": {"name": "a b"}}, "below the zone"),
    ("a mail record", "shared-services", {"dns": {"kind": "MX"}}, "A, AAAA or CNAME"),
    ("a name as address", "shared-services", {"dns": {"target": ["a.b."]}}, "target is addresses"),
    ("an old ttl", "shared-services", {"dns": {"ttl": 1}}, "between 30 and 86400"),
    ("a region of nowhere", "aws", {"region": "europe"}, "region is like"),
    ("a reserved tag", "aws", {"labels": {"aws:x": "1"}}, "does not begin with aws:"),
    ("no security group", "aws", {"database": {"security_group_ids": []}}, "security group"),
    ("a class of nothing", "aws", {"database": {"instance_class": "big"}}, "db.t4g.small"),
    ("too little room", "aws", {"database": {"storage_gb": 5}}, "at least 20"),
    ("backups for a year", "aws", {"database": {"backup_days": 365}}, "between 0 and 35"),
    ("a password with a slash", "aws", {"database_password": "a/" * 10}, "16 to 41"),
    ("a bucket with capitals", "aws", {"media": {"bucket": "Acme"}}, "3 to 63"),
    ("half a name", "aws", {"dns": {"name": "acme"}}, "whole one"),
    ("two names", "aws", {"dns": {"target": ["a.b", "c.d"]}}, "one target"),
]


@pytest.fixture(scope="module")
def judges(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The modules' variables alone, which can be judged without any provider."""
    home = tmp_path_factory.mktemp("judges")
    for name in ("shared-services", "aws"):
        (home / name).mkdir()
        shutil.copy(MODULES / name / "variables.tf", home / name)
    return builder(tools, home, {name: home / name for name in ("shared-services", "aws")})


def told(judges: Terraform, module: str, parts: dict[str, Any]) -> tuple[str, str]:
    """Code and words of the refusal; empty without one."""
    base = EVERYTHING if module == "shared-services" else ON_AWS
    given = changed(base, **parts)
    known = PASSWORDS if module == "shared-services" else {"database_password": "a" * 20}
    secrets = {name: str(given.pop(name, value)) for name, value in known.items()}
    try:
        judges.plan(Infrastructure(name=UID, module=module, variables=given, secrets=secrets))
    except DriverFailure as failure:
        return failure.code, " ".join(failure.detail.split())
    return "", ""


@pytest.mark.parametrize(
    ("module", "parts", "words"),
    [row[1:] for row in REFUSED],
    ids=[f"{row[1]}: {row[0]}" for row in REFUSED],
)
def test_variables_without_sense_are_refused_in_words(
    judges: Terraform, module: str, parts: dict[str, Any], words: str
) -> None:
    code, said = told(judges, module, parts)
    assert code == "variables_refused"
    assert words in said
    assert not any(secret in said for secret in PASSWORDS.values())


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("shared-services", {}),
    ("shared-services", {"database": None, "media": None, "dns": None}),
    ("shared-services", {"dns": {"kind": "CNAME", "target": ["lb.example."]}}),
    ("shared-services", {"dns": {"kind": "AAAA", "target": ["2001:db8::1"]}}),
    ("shared-services", {"dns": {"name": "*"}, "media": {"shared_bucket": "all-shops"}}),
    ("aws", {}),
    ("aws", {"database": None, "media": None, "dns": None}),
]


@pytest.mark.parametrize(("module", "parts"), ACCEPTED)
def test_variables_with_sense_are_accepted(
    judges: Terraform, module: str, parts: dict[str, Any]
) -> None:
    assert told(judges, module, parts) == ("", "")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of HCL as the formatter writes it: its names, and the blocks in it."""

    names: set[str]
    blocks: dict[str, "Block"]


def block(lines: list[str]) -> Block:
    """Read the lines between a block's braces; two blanks of indent are one level."""
    names, blocks = set(), {}
    for place, line in enumerate(lines):
        if found := re.match(r"^  (\w+) +=", line):
            names.add(found[1])
        elif found := re.match(r"^  (\w+) \{(\})?$", line):
            end = place if found[2] else lines.index("  }", place)
            blocks[found[1]] = block([inner[2:] for inner in lines[place + 1 : end]])
    return Block(names=names, blocks=blocks)


def resources(module: str) -> Iterator[tuple[str, Block]]:
    """Every resource of a module."""
    whole = re.compile(r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
    for kind, body in whole.findall(text(module)):
        yield kind, block(body.splitlines())


META = {"count", "for_each", "depends_on", "provider"}


def faults(used: Block, known: dict[str, Any]) -> list[str]:
    """What is used and not known, and what is wanted and not used."""
    there = {*known.get("required", ()), *known.get("optional", ()), *META}
    found = [f"unknown: {name}" for name in sorted(used.names - there)]
    found += [f"wanted: {name}" for name in known.get("required", ()) if name not in used.names]
    for name, inner in used.blocks.items():
        if name not in known.get("blocks", {}):
            found.append(f"unknown block: {name}")
        else:
            found += [f"{name}: {fault}" for fault in faults(inner, known["blocks"][name])]
    return found


@pytest.mark.parametrize("module", ["shared-services", "aws"])
def test_every_argument_is_one_that_the_pinned_provider_has(module: str) -> None:
    """Their names were taken from the providers themselves, of these versions."""
    used = list(resources(module))
    assert len(used) > 8
    for kind, found in used:
        assert kind in PINNED["resources"], kind
        assert faults(found, PINNED["resources"][kind]) == [], kind


@pytest.mark.parametrize("module", ["shared-services", "aws"])
def test_the_pinned_versions_are_those_that_the_modules_ask_for(module: str) -> None:
    wanted = dict(re.findall(r'source += "(\S+)"\n +version += "~> ([\d.]+)"', text(module)))
    for source, least in wanted.items():
        numbers = [int(word) for word in least.split(".")]
        pinned = [int(word) for word in PINNED["providers"][source].split(".")]
        assert pinned[: len(numbers) - 1] == numbers[:-1], source
        assert pinned[len(numbers) - 1] >= numbers[-1], source


def test_the_reader_of_hcl_sees_what_is_wrong() -> None:
    """A check that finds nothing must be able to find something."""
    used = block(["  bucket = 1", "  sice = 2", "", "  rule {", "    id = 3", "  }", "  filter {}"])
    known = {"required": ["acl"], "optional": ["bucket"], "blocks": {"rule": {"required": ["to"]}}}
    assert faults(used, known) == [
        "unknown: sice",
        "wanted: acl",
        "rule: unknown: id",
        "rule: wanted: to",
        "unknown block: filter",
    ]


if PROVIDERS:

    @pytest.fixture(scope="module")
    def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
        assert not missing(), f"on PATH there must be {', '.join(missing())}"
        with shared(tmp_path_factory.mktemp("services")) as found:
            yield found

    @pytest.fixture
    def shop(services: Shared, tools: Path, tmp_path: Path) -> Terraform:
        paths = {name: MODULES / name for name in NAMES}
        mirror, environment = Path(PROVIDERS), services.environment
        return builder(tools, tmp_path, paths, mirror=mirror, environment=environment)

    def wanted(services: Shared, uid: str, **parts: Any) -> Infrastructure:
        places = {
            "uid": uid,
            "database": {"host": "127.0.0.1", "port": services.database},
            "media": {"endpoint": f"http://127.0.0.1:{services.bucket}"},
            "dns": {"name": uid},
        }
        given = changed(changed(EVERYTHING, **places), **parts)
        return Infrastructure(
            name=uid, module="shared-services", variables=given, secrets=PASSWORDS
        )

    def sql(services: Shared, user: str, password: str, statement: str) -> str:
        """What the server says to a statement."""
        address = ["-h127.0.0.1", f"-P{services.database}", f"-u{user}", f"-p{password}"]
        done = subprocess.run(
            ["mariadb", "--no-defaults", *address, "-N", "-e", statement],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or done.stderr.strip()

    def test_what_a_shop_needs_is_made_watched_mended_and_destroyed(
        shop: Terraform, services: Shared
    ) -> None:
        uid = "made1"
        first = wanted(services, uid)
        built = shop.apply(first)
        assert built.outputs["database"]["name"] == f"shop{uid}"
        assert built.outputs["media"]["bucket"] == f"shop-{uid}"
        assert built.outputs["dns"] == {"name": f"{uid}.shops.example"}
        state = json.dumps(shop._states.read(uid))
        assert not any(secret in state for secret in (*PASSWORDS.values(), PASSWORD))
        password = PASSWORDS["database_password"]
        use = f"CREATE TABLE shop{uid}.a (b INT); SELECT COUNT(*) FROM shop{uid}.a"
        assert sql(services, f"shop{uid}", password, use) == "0"
        denied = sql(services, f"shop{uid}", password, "SELECT * FROM mysql.global_priv")
        assert "denied" in denied
        assert (shop.apply(first).changed, shop.drift(first)) == (0, ())

        revoke = f"REVOKE DELETE ON shop{uid}.* FROM 'shop{uid}'@'%'"
        assert sql(services, ADMIN, PASSWORD, revoke) == ""
        services.names.change_all_away()
        seen = {(item.kind, item.address) for item in shop.drift(first)}
        assert seen == {
            (ChangeKind.UPDATE, "mysql_grant.shop[0]"),
            (ChangeKind.DELETE, "dns_a_record_set.shop[0]"),
        }
        assert shop.apply(first).changed == 2
        assert services.names.found(f"{uid}.shops.example.") == [("A", 300)]

        fresh = {**PASSWORDS, "database_password": "another-password-of-the-shop"}
        assert shop.apply(replace(first, secrets=fresh)).changed == 1
        assert "denied" in sql(services, f"shop{uid}", password, "SELECT 1")
        assert sql(services, f"shop{uid}", fresh["database_password"], "SELECT 1") == "1"

        with pytest.raises(DriverFailure) as caught:
            shop.destroy(first)
        assert caught.value.code == "data_protected"
        shop.destroy(wanted(services, uid, deletion_protection=False))
        assert (shop.inventory(uid), shop.names()) == ((), set())
        assert services.names.found(f"{uid}.shops.example.") == []

    def test_a_stack_that_goes_back_into_its_cluster_leaves_nothing(
        shop: Terraform, services: Shared
    ) -> None:
        uid = "back1"
        shop.apply(wanted(services, uid))
        home = Infrastructure(name=uid, module="in-cluster", variables={"uid": uid})
        with pytest.raises(DriverFailure) as caught:
            shop.apply(home)
        assert caught.value.code == "data_protected"
        loose = replace(home, variables={"uid": uid, PROTECTION: False})
        assert shop.apply(loose).outputs == dict.fromkeys(OUTPUTS)
        assert shop.inventory(uid) == ("state",)
        databases = sql(services, ADMIN, PASSWORD, f"SHOW DATABASES LIKE 'shop{uid}'")
        assert databases == ""

    @pytest.mark.parametrize("part", OUTPUTS)
    def test_each_part_can_be_left_out(shop: Terraform, services: Shared, part: str) -> None:
        uid = f"without{part}"
        built = shop.apply(wanted(services, uid, **{part: None}))
        assert [name for name in OUTPUTS if built.outputs[name] is None] == [part]
        shop.destroy(wanted(services, uid, deletion_protection=False))

    def test_a_provider_that_is_not_there_is_told(
        tools: Path, tmp_path: Path, services: Shared
    ) -> None:
        paths = {"shared-services": MODULES / "shared-services"}
        poor = builder(tools, tmp_path, paths, mirror=tmp_path)
        with pytest.raises(DriverFailure) as caught:
            poor.apply(wanted(services, "none1"))
        assert (caught.value.code, caught.value.transient) == ("provider_missing", False)

    def test_a_name_server_that_refuses_leaves_the_rest_for_the_next_run(
        shop: Terraform, services: Shared
    ) -> None:
        uid = "half1"
        services.names.refusing = True
        try:
            with pytest.raises(DriverFailure) as caught:
                shop.apply(wanted(services, uid))
        finally:
            services.names.refusing = False
        assert (caught.value.code, caught.value.transient) == ("terraform_failed", True)
        assert "mysql_database.shop[0]" in shop.inventory(uid)
        assert shop.apply(wanted(services, uid)).outputs["dns"] is not None
        shop.destroy(wanted(services, uid, deletion_protection=False))
