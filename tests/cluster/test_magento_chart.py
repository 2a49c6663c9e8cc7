"""The magento chart rendered, without a cluster; test_magento_release has one."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from controller.domain.plans import Plan
from tests.cluster.magento_chart import (
    CHART,
    OPTIONS,
    RELEASE,
    ROOT,
    SHOP,
    Charted,
    Object,
    Rendered,
    containers,
    laid_over,
    named,
    planned,
    pod_templates,
)

IMAGE = ROOT / "images" / "magento"
README = (IMAGE / "README.md").read_text()
EVERY = [pytest.param(plan, name, id=f"{plan}-{name}") for plan, name in product(Plan, OPTIONS)]
BOTH = pytest.mark.parametrize("helm", ["helm3", "helm4"])


@pytest.fixture(scope="session")
def charted(tools: Path) -> Charted:
    """Helm without a cluster."""
    return Charted(tools=tools)


@pytest.fixture(scope="session")
def rendered(charted: Charted) -> Rendered:
    return Rendered(charted)


# What is rendered


@BOTH
@pytest.mark.parametrize("plan", Plan)
def test_helm_lint_has_nothing_against_it(helm: str, plan: Plan, charted: Charted) -> None:
    linter = replace(charted, helm=helm)
    done = linter.with_values("lint", str(CHART), "--strict", values=planned(plan))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("option", OPTIONS)
def test_both_helms_render_the_same(option: str, rendered: Rendered, charted: Charted) -> None:
    other = replace(charted, helm="helm3")
    values = laid_over(planned(), OPTIONS[option])
    assert other.render(values) == rendered.of(Plan.STARTER, option)


@pytest.mark.parametrize(("plan", "option"), EVERY)
def test_every_container_is_confined(plan: Plan, option: str, rendered: Rendered) -> None:
    for name, template in pod_templates(rendered.of(plan, option)):
        assert template["spec"]["automountServiceAccountToken"] is False, name
        for container in containers(template):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"], (name, container["name"])
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"].keys() == {"requests", "limits"}
            # Of whatever fails the last words are kept, those of other people's images too.
            assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_every_object_says_whose_it_is(rendered: Rendered) -> None:
    for item in rendered.everything():
        for labels in (item["metadata"]["labels"], *_template_labels(item)):
            assert labels["storecontroller.io/uid"] == SHOP.uid, item["metadata"]["name"]
            assert labels["app.kubernetes.io/instance"] == RELEASE


def _template_labels(item: Object) -> Iterator[Object]:
    for _, template in pod_templates([item]):
        yield template["metadata"]["labels"]


def test_no_secret_is_rendered_and_none_stands_in_an_environment(rendered: Rendered) -> None:
    for item in rendered.everything():
        assert item["kind"] != "Secret"
        for _, template in pod_templates([item]):
            for container in containers(template):
                for variable in container.get("env", ()):
                    if re.search("PASSWORD|SECRET|TOKEN|KEY", variable["name"]):
                        value = variable.get("value", "/run/secrets/")
                        assert value.startswith("/run/secrets/"), variable


def test_no_value_takes_a_secret() -> None:
    schema = (CHART / "values.schema.json").read_text()
    names = set(re.findall(r'"([A-Za-z]+)": \{', schema))
    suspicious = {name for name in names if re.fullmatch("(?i).*(password|token).*|key", name)}
    assert suspicious == {"key"}, "key belongs to labels and tolerations"


def test_nothing_is_run_through_tpl() -> None:
    for path in (CHART / "templates").iterdir():
        code = re.sub(r"\{\{-? ?/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\btpl\b", code), path.name


def test_only_what_the_store_image_documents_is_used_of_it(rendered: Rendered) -> None:
    entries = set(re.findall(r"^\| `shop (\w+)", README, re.MULTILINE))
    variables = {*re.findall(r"`([A-Z_]{6,})`", README)}
    ours = f"{SHOP.image}:{SHOP.image_tag}"
    used = set()
    for item in rendered.everything():
        for name, template in pod_templates([item]):
            for container in containers(template):
                if container["image"] != ours or "command" in container:
                    continue
                used.add(container["args"][0])
                assert {each["name"] for each in container["env"]} <= variables, name
                for mount in container["volumeMounts"]:
                    assert f"`{mount['mountPath']}`" in README, (name, mount)
    assert used == entries - {"magento", "media"}


def test_the_secret_files_are_those_that_the_store_image_reads(rendered: Rendered) -> None:
    template = named(rendered.of(Plan.STARTER, "as-it-is"), "Deployment", "-web")["spec"][
        "template"
    ]
    (volume,) = (each for each in template["spec"]["volumes"] if each["name"] == "secrets")
    paths = [item["path"] for item in volume["secret"]["items"]]
    assert paths == ["crypt-key", "db-password", "cache-password", "session-password"]
    assert all(f"`{path}`" in README for path in paths)


def test_the_question_that_pods_wait_with_is_one_that_the_image_answers() -> None:
    script = (CHART / "files" / "await-shop.sh").read_text()
    (program, question) = re.findall(r"php (/usr/local/lib/shop/(?:\S+)) (\w+)", script)[0]
    assert f"'{question}' =>" in (IMAGE / "bin" / Path(program).name).read_text()


def test_hosts_are_written_as_the_web_server_reads_them(charted: Charted) -> None:
    objects = charted.render(planned())
    hosts = named(objects, "ConfigMap", "-hosts")["data"]["hosts.map"]
    assert hosts.split() == ["us.example.com", "us;"]
    rules = named(objects, "Ingress", "-web")["spec"]["rules"]
    assert [rule["host"] for rule in rules] == sorted(SHOP.websites)


def test_nothing_runs_in_a_stopped_shop(rendered: Rendered) -> None:
    objects = rendered.of(Plan.GROWTH, "stopped")
    kinds = {item["kind"] for item in objects}
    assert not kinds & {"Job", "HorizontalPodAutoscaler"}
    assert "PersistentVolumeClaim" in kinds
    for item in objects:
        if item["kind"] in {"Deployment", "StatefulSet"}:
            assert item["spec"]["replicas"] == 0, item["metadata"]["name"]
    assert named(objects, "CronJob", "-backup")["spec"]["suspend"] is True


@pytest.mark.parametrize("plan", Plan)
def test_a_closed_shop_differs_in_its_web_pods_environment_and_its_page_cache_alone(
    plan: Plan, rendered: Rendered
) -> None:
    opened, closed = (
        json.loads(json.dumps(rendered.of(plan, option))) for option in ("as-it-is", "closed")
    )
    said = [_environment(named(objects, "Deployment", "-web")) for objects in (opened, closed)]
    assert [each.pop("SHOP_STOREFRONT") for each in said] == ["open", "closed"]
    for objects in (opened, closed):
        named(objects, "Deployment", "-web")["spec"]["template"]["spec"]["containers"][0].pop("env")
    # Other rules, and so another pod of the page cache, which has forgotten what was kept.
    rules = [named(objects, "ConfigMap", "-page-cache").pop("data") for objects in (opened, closed)]
    assert "if (false ||" in rules[0]["page-cache.vcl"]
    assert "if (true ||" in rules[1]["page-cache.vcl"]
    marks = [
        named(objects, "Deployment", "-page-cache")["spec"]["template"]["metadata"].pop(
            "annotations"
        )
        for objects in (opened, closed)
    ]
    assert marks[0] != marks[1]
    assert closed == opened
    assert said[0] == said[1]
    strategy = named(closed, "Deployment", "-web")["spec"]["strategy"]
    assert strategy["rollingUpdate"]["maxUnavailable"] == 0


def _environment(deployment: Object) -> dict[str, str]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


def test_a_shop_rests_while_its_database_is_restored(rendered: Rendered) -> None:
    objects = rendered.of(Plan.GROWTH, "restore")
    assert named(objects, "Deployment", "-web")["spec"]["replicas"] == 0
    assert named(objects, "Deployment", "-cron")["spec"]["replicas"] == 0
    assert named(objects, "StatefulSet", "-database")["spec"]["replicas"] == 1
    # Nobody installs or upgrades beside it.
    (job,) = (item for item in objects if item["kind"] == "Job")
    (load,) = job["spec"]["template"]["spec"]["initContainers"]
    assert load["args"][0] == "restore"
    # Visitors are told so, by whom nobody has to stand behind.
    cache = named(objects, "Deployment", "-page-cache")
    assert cache["spec"]["replicas"] > 0
    rules = named(objects, "ConfigMap", "-page-cache")["data"]["page-cache.vcl"]
    assert "if (true) {\n        return (synth(503" in rules
    before = named(rendered.of(Plan.GROWTH, "as-it-is"), "Deployment", "-page-cache")
    assert cache["spec"]["template"]["metadata"] != before["spec"]["template"]["metadata"]


def test_who_only_asks_for_the_backups_runs_what_makes_none(rendered: Rendered) -> None:
    cron = named(rendered.of(Plan.STARTER, "as-it-is"), "CronJob", "-backup")
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert [each["name"] for each in pod["initContainers"]] == ["backup", "prune"]
    (tells,) = pod["containers"]
    (mount,) = tells["volumeMounts"]
    assert mount == {"name": "backup", "mountPath": "/backup", "readOnly": True}


def test_pods_that_share_one_node_s_volume_have_no_budget_that_would_keep_them_there(
    rendered: Rendered,
) -> None:
    for plan in Plan:
        objects = rendered.of(plan, "as-it-is")
        web = named(objects, "Deployment", "-web")["spec"]["template"]["spec"]
        budgets = [item for item in objects if item["kind"] == "PodDisruptionBudget"]
        assert bool(budgets) != ("affinity" in web), plan


def test_an_autoscaler_s_number_is_left_to_it(rendered: Rendered) -> None:
    objects = rendered.of(Plan.SCALE, "as-it-is")
    assert "replicas" not in named(objects, "Deployment", "-web")["spec"]
    assert named(objects, "HorizontalPodAutoscaler", "-web")["spec"]["maxReplicas"] == 12


def test_another_installation_is_another_job(charted: Charted) -> None:
    names = {
        item["metadata"]["name"]
        for tag in ("1", "1", "2")
        for item in charted.render(laid_over(planned(), {"image": {"tag": tag}}))
        if item["kind"] == "Job"
    }
    assert len(names) == 2


# What the network lets through


def test_a_shop_reaches_its_services_and_the_internet_but_nothing_inside(
    rendered: Rendered,
) -> None:
    objects = rendered.of(Plan.STARTER, "as-it-is")
    deny = named(objects, "NetworkPolicy", "-default-deny")["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    assert "egress" not in deny
    for _, template in pod_templates(objects):
        assert deny["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    internet = named(objects, "NetworkPolicy", "-internet")["spec"]["egress"]
    ports = {port["port"] for rule in internet for port in rule["ports"]}
    assert ports == {25, 443, 465, 587, 2525}
    assert "169.254.0.0/16" in internet[0]["to"][0]["ipBlock"]["except"]
    ports = {
        port["port"]
        for rule in named(objects, "NetworkPolicy", "-shop")["spec"]["egress"]
        for port in rule["ports"]
    }
    assert ports == {53, 3306, 6379, 8081, 9200}


def test_visitors_reach_the_page_cache_and_it_reaches_the_web_servers_alone(
    rendered: Rendered,
) -> None:
    objects = rendered.of(Plan.STARTER, "as-it-is")
    backend = named(objects, "Ingress", "-web")["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend["service"]["name"] == f"{RELEASE}-page-cache"
    policy = named(objects, "NetworkPolicy", "-page-cache")["spec"]
    doors = {rule["ports"][0]["port"]: rule["from"] for rule in policy["ingress"]}
    assert doors.keys() == {8080, 8081}
    (shop,) = doors[8081]
    assert shop["podSelector"]["matchLabels"]["storecontroller.io/role"] == "shop"
    _, web = policy["egress"]
    assert web["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "web"


def test_magento_tells_the_page_caches_what_to_forget_while_they_start_too(
    rendered: Rendered,
) -> None:
    for plan, count in ((Plan.STARTER, 1), (Plan.GROWTH, 2)):
        objects = rendered.of(plan, "as-it-is")
        told = _environment(named(objects, "Deployment", "-cron"))["SHOP_PAGE_CACHES"]
        workload = named(objects, "Deployment", "-page-cache")["spec"]
        assert workload["replicas"] == count
        service = named(objects, "Service", "-page-cache-pods")
        assert told == f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
        assert service["spec"]["publishNotReadyAddresses"] is True
        assert service["spec"]["clusterIP"] == "None"
        # A new one serves before an old one goes: visitors come by no other way.
        assert workload["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


@pytest.mark.parametrize(
    ("limit", "workers"), [("768Mi", 3), ("1536Mi", 10), ("3Gi", 24), ("64Gi", 64), ("256Mi", 2)]
)
def test_php_workers_fit_into_the_memory_limit(limit: str, workers: int, charted: Charted) -> None:
    sized = {"web": {"resources": {"limits": {"memory": limit}}}}
    web = named(charted.render(laid_over(planned(), sized)), "Deployment", "-web")
    assert _environment(web)["SHOP_PHP_WORKERS"] == str(workers)


def test_without_a_page_cache_magento_keeps_the_pages(charted: Charted) -> None:
    objects = charted.render(laid_over(planned(), {"pageCache": {"enabled": False}}))
    assert not [item for item in objects if "page-cache" in item["metadata"]["name"]]
    assert "SHOP_PAGE_CACHES" not in _environment(named(objects, "Deployment", "-web"))
    backend = named(objects, "Ingress", "-web")["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend["service"]["name"] == f"{RELEASE}-web"


@pytest.mark.parametrize("component", ["database", "cache", "sessions", "search"])
def test_a_service_is_reached_by_the_shop_alone(component: str, rendered: Rendered) -> None:
    (rule,) = named(
        rendered.of(Plan.STARTER, "as-it-is"), "NetworkPolicy", f"{RELEASE}-{component}"
    )["spec"]["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"]["storecontroller.io/role"] == "shop"


# The scripts


def test_only_the_newest_backups_stay(tmp_path: Path) -> None:
    times = [f"2026112{day}T030000Z" for day in range(5)]
    others = ["by-hand", ".20261120T030000Z.part", "20261120T030000Z-kept"]
    for name in (*times, *others):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest").touch()
    script = (CHART / "files" / "prune-backups.sh").read_text()
    for _ in range(2):
        subprocess.run(["bash", "-c", script, "prune", "2", str(tmp_path)], check=True)
        assert {path.name for path in tmp_path.iterdir()} == {*times[3:], *others}


def test_the_backups_are_told_the_newest_first_as_far_as_there_is_room(tmp_path: Path) -> None:
    for day in range(1, 31):
        place = tmp_path / f"202611{day:02d}T030000Z"
        place.mkdir()
        (place / "manifest").write_text('version=Magento CLI 2.4.7-p3 "x"\n')
    (tmp_path / "lost+found").mkdir()
    told = tmp_path / "told"
    script = (CHART / "files" / "list-backups.sh").read_text()
    script = script.replace("/dev/termination-log", str(told))
    subprocess.run(["bash", "-c", script, "list", str(tmp_path)], check=True)
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    assert [line["name"][:8] for line in lines] == [f"202611{day:02d}" for day in range(30, 0, -1)]
    assert {line["version"] for line in lines} == {"Magento CLI 2.4.7-p3 "}
    assert told.stat().st_size < 4096


def test_valkey_s_password_is_quoted_for_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "password").write_text('a"b\\c\n')
    server = tmp_path / "valkey-server"
    server.write_text('#!/bin/sh\ncat "$1"\necho "$2"\n')
    server.chmod(0o755)
    script = (CHART / "files" / "valkey.sh").read_text().replace("/run/valkey", str(tmp_path))
    done = subprocess.run(
        ["sh", "-c", script, "valkey", "--save"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PASSWORD_FILE": str(tmp_path / "password")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["dir /data", r'requirepass "a\"b\\c"', "--save"]


def test_a_pod_waits_for_an_installed_shop(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    answers.write_text("begun\ninstalled\n")
    # The first question is asked before the database is there.
    done = await_shop(
        tmp_path,
        f"test -e {tmp_path}/up || {{ touch {tmp_path}/up; exit 75; }}\n"
        f"head -n 1 {answers}; sed -i 1d {answers}",
    )
    assert done.returncode == 0
    assert answers.read_text() == ""


def test_a_pod_does_not_wait_for_a_database_of_somebody_else(tmp_path: Path) -> None:
    done = await_shop(tmp_path, "echo foreign")
    assert done.returncode == 1
    assert "no shop's" in done.stderr


def await_shop(tmp_path: Path, answer: str) -> "subprocess.CompletedProcess[str]":
    """Run the script that holds pods back, with an image that answers so."""
    php = tmp_path / "php"
    php.write_text(f"#!/bin/sh\n{answer}\n")
    php.chmod(0o755)
    return subprocess.run(
        ["bash", "-c", (CHART / "files" / "await-shop.sh").read_text()],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_installer_waits_for_its_services_and_says_which_one_does_not_answer() -> None:
    script = (CHART / "files" / "await-services.sh").read_text()
    with socket.create_server(("127.0.0.1", 0)) as up, socket.socket() as down:
        down.bind(("127.0.0.1", 0))
        services = [f"127.0.0.1:{each.getsockname()[1]}" for each in (up, down)]
        for names, code in ((services[:1], 0), (services, 1)):
            done = subprocess.run(
                ["bash", "-c", script, "await", *names],
                env={"PATH": "/usr/bin:/bin", "AWAIT_SECONDS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == code, done.stderr
        assert done.stderr == f"{services[1]} does not answer.\n"


@pytest.mark.needs("shellcheck")
def test_shellcheck_has_nothing_to_say_about_the_scripts() -> None:
    for path in sorted((CHART / "files").glob("*.sh")):
        shell = "sh" if path.name == "valkey.sh" else "bash"
        done = subprocess.run(
            ["shellcheck", f"--shell={shell}", path], capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.returncode) == ("", 0)
