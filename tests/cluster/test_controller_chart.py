"""The controller chart rendered, without a cluster; test_controller_release has one."""

import json
import re
import signal
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from controller import __main__ as program
from controller.bootstrap import stopping
from controller.settings import Settings
from tests.cluster.controller_chart import (
    CHART,
    OPTIONS,
    RELEASE,
    VALUES,
    Rendered,
    environment,
    known_settings,
    peers,
    render,
    selects,
    template,
    valued,
)
from tests.cluster.magento_chart import Charted, Object, containers, laid_over, named, pod_templates
from tests.cluster.waiting import until
from tests.services import process
from tests.services.catalog import SERVICES

BOTH = pytest.mark.parametrize("helm", ["helm3", "helm4"])
EVERY = pytest.mark.parametrize("option", OPTIONS)
OURS = ("api", "worker-people", "worker-resync", "beat", "migrate")
SPEAK_WITH_CLUSTERS = {"api", "worker-people", "worker-resync"}
# What a value of its own says, or what is of no use in a cluster.
NOT_IN_SETTINGS = {
    "STORECTL_DATABASE_URL",
    "STORECTL_DEMO",
    "STORECTL_HOME",
    "STORECTL_HOST",
    "STORECTL_LOG_JSON",
    "STORECTL_LOG_LEVEL",
    "STORECTL_MASTER_KEY",
    "STORECTL_PORT",
    "STORECTL_PUBLIC_URL",
    "STORECTL_REDIS_URL",
    "STORECTL_SHOP_PORTS",
    "STORECTL_TERRAFORM__KUBECONFIG",
    "STORECTL_TERRAFORM__NAMESPACE",
    "STORECTL_TERRAFORM__STATES",
    "STORECTL_WORKER__THREADS",
}


@pytest.fixture(scope="session")
def charted(tools: Path) -> Charted:
    """Helm without a cluster."""
    return Charted(tools=tools)


@pytest.fixture(scope="session")
def rendered(charted: Charted) -> Rendered:
    return Rendered(charted)


def component(template: Object) -> str:
    found: str = template["metadata"]["labels"]["app.kubernetes.io/component"]
    return found


# What is rendered


@BOTH
@EVERY
def test_helm_lint_has_nothing_against_it(helm: str, option: str, charted: Charted) -> None:
    linter = replace(charted, helm=helm)
    done = linter.with_values("lint", str(CHART), "--strict", values=valued(option))
    assert done.returncode == 0, done.stdout


@EVERY
def test_both_helms_render_the_same(option: str, rendered: Rendered, charted: Charted) -> None:
    other = replace(charted, helm="helm3")
    assert render(other, valued(option)) == rendered.of(option)


@EVERY
def test_every_container_is_confined(option: str, rendered: Rendered) -> None:
    for name, pod in pod_templates(rendered.of(option)):
        for container in containers(pod):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"], (name, container["name"])
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"].keys() == {"requests", "limits"}


@EVERY
def test_only_who_speaks_with_clusters_has_an_account(option: str, rendered: Rendered) -> None:
    for name, pod in pod_templates(rendered.of(option)):
        may = component(pod) in SPEAK_WITH_CLUSTERS and option != "no-rights"
        assert pod["spec"]["automountServiceAccountToken"] is may, name
        assert pod["spec"].get("serviceAccountName") == (RELEASE if may else None), name


@EVERY
def test_no_secret_is_rendered_and_none_stands_in_a_setting(
    option: str, rendered: Rendered
) -> None:
    secrets = {name for name, secret in known_settings() if secret}
    objects = rendered.of(option)
    assert "Secret" not in {item["kind"] for item in objects}
    settings = named(objects, "ConfigMap", "-settings")["data"]
    assert not secrets & settings.keys()
    for name, pod in pod_templates(objects):
        for container in containers(pod):
            for variable, value in environment(container, settings).items():
                if variable in secrets or "PASSWORD" in variable:
                    assert value.endswith("of the Secret") or value.startswith("/run/"), name
                if variable.endswith("_URL") and variable != "STORECTL_PUBLIC_URL":
                    assert "of the Secret" in value or "$(" in value, name


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("as-it-is", {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}),
        ("states-in-secrets", {"ServiceAccount", "Role", "RoleBinding"}),
        ("no-rights", set()),
    ],
)
def test_rights_are_given_when_they_are_needed(
    option: str, given: set[str], rendered: Rendered
) -> None:
    kinds = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    assert kinds & {item["kind"] for item in rendered.of(option)} == given


# What the control plane makes of it


@EVERY
def test_every_process_is_given_settings_that_it_takes(
    option: str, rendered: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name for name, _ in known_settings()}
    objects = rendered.of(option)
    settings = named(objects, "ConfigMap", "-settings")["data"]
    for name, pod in pod_templates(objects):
        if component(pod) not in OURS:
            continue
        for container in containers(pod):
            given = environment(container, settings)
            ours = {key: value for key, value in given.items() if key.startswith("STORECTL_")}
            assert ours.keys() <= known, (name, ours.keys() - known)
            with monkeypatch.context() as patch:
                for key, value in ours.items():
                    patch.setenv(key, "m" * 32 if key == "STORECTL_MASTER_KEY" else value)
                found = Settings()
            if container["name"] == "api" and option == "settings":
                assert found.limits.open_operations == 1_500_000
                assert found.limits.tombstone_days == 0.5
                assert found.smtp.starttls is False
                assert found.url == "https://shops.example.com"


def test_every_setting_can_be_given_and_no_other() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
    plain = schema["settings"]["propertyNames"]["enum"]
    secret = schema["secretSettings"]["propertyNames"]["enum"]
    known = {name: secret for name, secret in known_settings() if name not in NOT_IN_SETTINGS}
    # Whoever adds a setting names it in values.schema.json, or above when a value says it.
    assert plain == sorted(name for name, hidden in known.items() if not hidden)
    assert secret == sorted(name for name, hidden in known.items() if hidden)


@EVERY
def test_every_command_is_one_that_the_program_has(option: str, rendered: Rendered) -> None:
    commands = set(re.findall(r"^(\w+)  +", program.__doc__ or "", re.MULTILINE))
    for name, pod in pod_templates(rendered.of(option)):
        (main,) = pod["spec"]["containers"]
        if component(pod) in OURS and "args" in main:
            assert main["args"][0] in commands, name
    (job,) = (item for item in rendered.of(option) if item["kind"] == "Job")
    command = job["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    assert command.split()[-1] in commands


@EVERY
def test_each_queue_has_its_workers(option: str, rendered: Rendered) -> None:
    served = [
        container["args"][1].removeprefix("--queues=").split(",")
        for _, pod in pod_templates(rendered.of(option))
        for container in pod["spec"]["containers"]
        if container.get("args", [""])[0] == "worker"
    ]
    assert sorted(queue for queues in served for queue in queues) == ["people", "resync"]


def test_the_operator_s_token_lies_where_the_api_looks_for_it(rendered: Rendered) -> None:
    objects = rendered.of("as-it-is")
    home = named(objects, "ConfigMap", "-settings")["data"]["STORECTL_HOME"]
    pod = named(objects, "Deployment", "-api")["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts["operator"]["mountPath"] == f"{home}/operator.token"
    assert mounts["home"]["mountPath"] == home


def test_the_api_is_probed_by_what_it_serves(rendered: Rendered) -> None:
    (api,) = named(rendered.of("as-it-is"), "Deployment", "-api")["spec"]["template"]["spec"][
        "containers"
    ]
    paths = {api[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")}
    assert paths == {"/healthz"}
    assert api["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_everything_of_ours_is_given_longer_than_it_takes_to_end(rendered: Rendered) -> None:
    for ending in ("-api", "-worker-people", "-worker-resync", "-beat"):
        pod = named(rendered.of("as-it-is"), "Deployment", ending)["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] > 2 * stopping.SECONDS


# What a change changes


def test_a_changed_setting_makes_new_pods_of_all_that_read_it(
    rendered: Rendered, charted: Charted
) -> None:
    before = dict(pod_templates(rendered.of("as-it-is")))
    after = dict(pod_templates(render(charted, laid_over(VALUES, {"logLevel": "DEBUG"}))))
    changed = {component(pod) for name, pod in after.items() if before[name] != pod}
    assert changed == {"api", "worker-people", "worker-resync", "beat"}


def test_an_autoscaler_s_number_is_left_to_it(rendered: Rendered) -> None:
    objects = rendered.of("autoscaling")
    for ending in ("-api", "-worker-people", "-worker-resync"):
        assert "replicas" not in named(objects, "Deployment", ending)["spec"]
        target = named(objects, "HorizontalPodAutoscaler", ending)["spec"]["scaleTargetRef"]
        assert target["name"] == f"{RELEASE}{ending}"


def test_another_image_is_another_migration_and_another_setting_is_not(charted: Charted) -> None:
    names = [
        named(render(charted, laid_over(VALUES, over)), "Job", "")["metadata"]["name"]
        for over in ({}, {"logLevel": "DEBUG"}, {"image": {"tag": "0.2.0"}})
    ]
    assert names[0] == names[1] != names[2]


# What the network lets through


@pytest.mark.parametrize("option", ["as-it-is", "bundled"])
def test_each_process_reaches_what_it_needs(option: str, rendered: Rendered) -> None:
    objects = rendered.of(option)
    deny = named(objects, "NetworkPolicy", "-default-deny")["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    outside = {443, 465, 587, 6443, 8080}
    expected = {
        **dict.fromkeys(SPEAK_WITH_CLUSTERS, {53, 5432, 6379} | outside),
        "beat": {53, 6379},
        "migrate": {53, 5432},
        "database": {53},
        "redis": {53},
    }
    for _, pod in pod_templates(objects):
        assert selects(deny["podSelector"], pod["metadata"]["labels"])
        assert peers(objects, pod) == expected[component(pod)], component(pod)


@pytest.mark.parametrize("service", ["database", "redis"])
def test_a_bundled_service_is_reached_by_those_who_reach_out_for_it(
    service: str, rendered: Rendered
) -> None:
    objects = rendered.of("bundled")
    (rule,) = named(objects, "NetworkPolicy", f"{RELEASE}-{service}")["spec"]["ingress"]
    (peer,) = rule["from"]
    allowed = named(objects, "NetworkPolicy", f"-to-{service}")["spec"]["podSelector"]
    assert peer["podSelector"] == allowed


# What is refused


BAD: dict[str, tuple[Any, str]] = {
    "no secret": ({"existingSecret": None}, "existingSecret"),
    "no tag": ({"image": {"tag": ""}}, "image"),
    "address with a path": ({"publicUrl": "https://example.com/shops"}, "publicUrl"),
    "a setting that is not there": ({"settings": {"STORECTL_SMTP_HOST": "a"}}, "STORECTL_"),
    "a secret among settings": ({"settings": {"STORECTL_SMTP__PASSWORD": "a"}}, "STORECTL_"),
    "a value's setting": ({"settings": {"STORECTL_PORT": 80}}, "STORECTL_"),
    "a list as setting": ({"settings": {"STORECTL_SMTP__HOST": ["a"]}}, "settings"),
    "a plain secret setting": ({"secretSettings": {"STORECTL_SMTP__HOST": "a"}}, "STORECTL_"),
    "no replicas": ({"api": {"replicas": 0}}, "replicas"),
    "an unknown queue": ({"workers": {"people": {"queues": ["all"]}}}, "queues"),
    "another worker": ({"workers": {"third": {}}}, "third"),
    "nobody for a queue": ({"workers": {"resync": {"enabled": False}}}, "queue resync"),
    "upside down": ({"api": {"autoscaling": {"enabled": True, "min": 7}}}, "min is above max"),
    "scaling without a request": (
        {"api": {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": None}}}},
        "cpu",
    ),
    "a database of another kind": ({"database": {"mode": "sqlite"}}, "mode"),
    "a user with a quote": ({"database": {"user": "a'b"}}, "user"),
    "gateway without parents": ({"gateway": {"enabled": True}}, "parentRefs"),
    "a password": ({"redis": {"password": "a"}}, "password"),
}


@BOTH
@pytest.mark.parametrize("case", BAD)
def test_values_that_cannot_work_are_refused(helm: str, case: str, charted: Charted) -> None:
    over, said = BAD[case]
    done = template(replace(charted, helm=helm), laid_over(VALUES, over))
    assert done.returncode != 0
    assert said in done.stderr


def test_nothing_is_run_through_tpl() -> None:
    for path in (CHART / "templates").iterdir():
        code = re.sub(r"\{\{-? ?/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\btpl\b", code), path.name


def test_the_manual_names_every_value() -> None:
    manual = (CHART / "README.md").read_text()
    schema = json.loads((CHART / "values.schema.json").read_text())
    for name in schema["properties"]:
        assert f"`{name}" in manual, name


# The script


@pytest.mark.needs("shellcheck")
def test_shellcheck_has_nothing_to_say_about_the_script() -> None:
    script = CHART / "files" / "redis.sh"
    done = subprocess.run(
        ["shellcheck", "--shell=sh", script], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.needs("redis")
def test_the_server_asks_for_the_password_of_the_file(tmp_path: Path) -> None:
    password = 'a"b\\c'
    (tmp_path / "password").write_text(password + "\n")
    port, server = process.free_port(), SERVICES["redis"].find()
    script = f"PASSWORD_FILE={tmp_path}/password SERVER={server}\n"
    script += (CHART / "files" / "redis.sh").read_text()
    more = ["--save", "", "--port", str(port), "--dir", str(tmp_path)]
    running = process.start(["sh", "-c", script, "redis", *more], log=tmp_path / "log")
    try:

        def answers() -> bool:
            with socket.socket() as found:
                return found.connect_ex(("127.0.0.1", port)) == 0

        until(answers, 20)
        with redis.Redis(port=port, password=password) as client:
            assert client.ping()
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert password not in Path(f"/proc/{running.pid}/cmdline").read_text()
    finally:
        process.stop(running, signal.SIGTERM)
