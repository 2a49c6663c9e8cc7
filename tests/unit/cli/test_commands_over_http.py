"""Commands against a fake API: what is printed where, what is sent, and the exit codes."""

import json

import pytest

from cli import settings
from tests.unit.cli.fake_control_plane import FakeApi, problem
from tests.unit.cli.runner import Storectl

CREATE = ("create", "acme", "--country", "DE", "--email", "owner@example.com")
MANIFEST = """\
apiVersion: storectl/v1
kind: Store
metadata: {name: acme, labels: {build: 0042}}
spec: {country: NO, displayName: Acme, shipping: {flatRate: 4.90}}
"""


def test_create_streams_steps_to_stderr_and_prints_the_address(
    connected: Storectl, api: FakeApi
) -> None:
    outcome = connected(*CREATE)
    assert outcome.code == 0
    assert outcome.out == "acme is ready: http://127.0.0.1:9001/\n"
    lines = outcome.err.splitlines()
    assert lines[0] == "Creating acme (op1)"
    assert [line.split(" (")[0].split(":")[0] for line in lines[1:]] == [
        "  ✓ Starting the shop",
        "  ✓ Waiting until the shop answers",
        "  ✓ Making a test purchase",
    ]


def test_create_with_json_prints_the_store_resource_alone(
    connected: Storectl, api: FakeApi
) -> None:
    outcome = connected(*CREATE, "-o", "json")
    assert outcome.code == 0
    assert outcome.json == api.stores["acme"]


def test_create_sends_what_was_given_and_nothing_else(connected: Storectl, api: FakeApi) -> None:
    options = ("--currency", "CHF", "--currency", "EUR", "--locale", "de_CH", "--locale", "fr_CH")
    more = ("--timezone", "Europe/Zurich", "--ttl", "2h", "--label", "a=b=c", "--engine", "sandbox")
    assert connected("create", "acme", "--country", "CH", *options, *more).code == 0
    assert api.bodies["acme"] == {
        "name": "acme",
        "country": "CH",
        "currencies": {"base": "CHF", "default": "CHF", "allowed": ["CHF", "EUR"]},
        "locales": ["de_CH", "fr_CH"],
        "timezone": "Europe/Zurich",
        "ttl": "2h",
        "engine": "sandbox",
        "labels": {"a": "b=c"},
    }


def test_create_twice_is_success_and_says_so(connected: Storectl) -> None:
    connected(*CREATE)
    again = connected(*CREATE)
    assert (again.code, again.out) == (0, "acme is ready: http://127.0.0.1:9001/\n")
    assert "Nothing to do" in again.err


def test_create_with_another_specification_is_a_conflict(connected: Storectl) -> None:
    connected(*CREATE)
    other = connected("create", "acme", "--country", "FR")
    assert (other.code, other.out) == (5, "")
    assert "is set up differently: country" in other.err
    assert "→ Use “storectl apply” to change it" in other.err


def test_no_wait_prints_the_operation(connected: Storectl, api: FakeApi) -> None:
    outcome = connected(*CREATE, "--no-wait")
    assert (outcome.code, outcome.out) == (0, "op1\n")
    assert "storectl op wait op1" in outcome.err
    assert connected(*CREATE, "--no-wait", "-o", "json").json["kind"] == "Operation"


def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    connected: Storectl, api: FakeApi
) -> None:
    api.lost_answers = 2
    assert connected(*CREATE).code == 0
    assert len(api.keys) == 3
    assert len(set(api.keys)) == 1
    assert len(api.operations) == 1


def test_each_order_has_its_own_key(connected: Storectl, api: FakeApi) -> None:
    connected(*CREATE)
    connected("suspend", "acme")
    assert len(set(api.keys)) == 2


def test_a_failed_operation_is_exit_7_with_its_cause_and_what_to_do(
    connected: Storectl, api: FakeApi
) -> None:
    error = {"code": "settings_refused", "params": {"detail": "no such currency"}}
    api.end = ("failed", {**error, "message": "m", "action": "a"})
    outcome = connected(*CREATE)
    assert (outcome.code, outcome.out) == (7, "")
    assert "Error: The shop refused settings: no such currency" in outcome.err
    assert "→ Change the settings that are named" in outcome.err
    assert "→ Try it again: storectl op retry op1" in outcome.err


def test_a_failed_operation_is_a_problem_for_programs(connected: Storectl, api: FakeApi) -> None:
    api.end = ("failed", {"code": "made_up", "params": {}, "message": "Boom.", "action": "Wait."})
    outcome = connected(*CREATE, "-o", "json")
    assert outcome.code == 7
    assert outcome.problem["code"] == "operation_failed"
    assert outcome.problem["detail"] == "Boom."
    assert outcome.problem["cause"]["code"] == "made_up"


def test_a_superseded_operation_is_no_success(connected: Storectl, api: FakeApi) -> None:
    api.end = ("superseded", None)
    assert connected(*CREATE).code == 7


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        pytest.param(422, "unknown_country", 2, id="by-code"),
        pytest.param(507, "storage_full", 1, id="by-code-of-the-server"),
        pytest.param(400, "made_up", 2, id="400"),
        pytest.param(401, "made_up", 4, id="401"),
        pytest.param(403, "made_up", 4, id="403"),
        pytest.param(404, "made_up", 3, id="404"),
        pytest.param(412, "made_up", 5, id="412"),
        pytest.param(429, "made_up", 6, id="429"),
        pytest.param(500, "made_up", 1, id="500"),
    ],
)
def test_refusals_have_the_documented_exit_code(
    connected: Storectl, api: FakeApi, status: int, code: str, expected: int
) -> None:
    api.problem = (status, problem(status, code))
    outcome = connected("list")
    assert outcome.code == expected
    assert outcome.err.startswith("Error: ")
    assert connected("list", "-o", "json").problem["code"] == code


def test_a_known_code_is_said_in_the_users_language(
    connected: Storectl, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.problem = (422, {**problem(422, "unknown_country"), "params": {"country": "XX"}})
    assert "“XX” is not a country" in connected("list").err


def test_an_unknown_code_is_said_as_it_was_sent(connected: Storectl, api: FakeApi) -> None:
    fields = [{"field": "country", "message": "two letters"}]
    api.problem = (422, {**problem(422, "made_up"), "errors": fields})
    assert connected("list").err.splitlines() == [
        "Error: detail of made_up",
        "  country: two letters",
        "  → action of made_up",
    ]


def test_a_newer_servers_sentence_is_said_as_it_was_sent(connected: Storectl, api: FakeApi) -> None:
    api.problem = (409, {**problem(409, "name_taken"), "params": {"new": "x"}})
    assert "Error: detail of name_taken" in connected("list").err


def test_control_characters_of_a_server_never_reach_the_terminal(
    connected: Storectl, api: FakeApi
) -> None:
    api.problem = (409, {**problem(409, "made_up"), "detail": "a\x1b[2Jb"})
    assert "a\ufffd[2Jb" in connected("list").err


def test_list_is_a_table_without_padding_at_line_ends(connected: Storectl, api: FakeApi) -> None:
    connected(*CREATE)
    outcome = connected("list")
    heading, row = outcome.out.splitlines()
    assert heading.split() == ["NAME", "PHASE", "URL", "COUNTRY", "AGE"]
    assert row.split()[:4] == ["acme", "Ready", "http://127.0.0.1:9001/", "DE"]
    assert row == row.rstrip()


def test_an_empty_list_is_an_empty_array_and_success(connected: Storectl) -> None:
    assert (connected("list", "-o", "json").out, connected("list", "-o", "yaml").out) == (
        "[]\n",
        "[]\n",
    )
    empty = connected("list")
    assert (empty.code, empty.out) == (0, "")
    assert "storectl create" in empty.err


def test_list_walks_all_pages_and_stops_at_the_limit(connected: Storectl, api: FakeApi) -> None:
    for number in range(450):
        api.create({"name": f"s{number:03}", "country": "DE"})
    assert len(connected("list", "-o", "name").out.splitlines()) == 450
    assert len(connected("list", "-o", "name", "--limit", "201").out.splitlines()) == 201


def test_get_prints_the_apis_resource(connected: Storectl, api: FakeApi) -> None:
    connected(*CREATE)
    assert connected("get", "acme", "-o", "json").json == api.stores["acme"]
    assert connected("get", "acme", "-o", "name").out == "acme\n"


def test_a_missing_store_is_exit_3_and_json_on_stderr_for_programs(connected: Storectl) -> None:
    outcome = connected("get", "nope", "-o", "json")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.problem["code"] == "store_not_found"
    assert "“storectl list” shows" in connected("get", "nope").err


@pytest.mark.parametrize("name", ["../tenants", "..", "a/b", "a?x=1", "%2e%2e"])
def test_a_name_never_becomes_another_route(connected: Storectl, api: FakeApi, name: str) -> None:
    assert connected("get", name).code == 3
    assert api.requests[-1][1].count("/") == 4


def test_an_empty_name_is_refused_here(connected: Storectl, api: FakeApi) -> None:
    assert connected("get", "").code == 2
    assert api.requests == []


def test_describe_shows_conditions_the_last_operation_and_what_can_follow(
    connected: Storectl,
) -> None:
    connected(*CREATE)
    page = connected("describe", "acme").out
    assert "✓ Taking orders  A test purchase of 5.00 went through" in page
    assert "create  Done" in page
    assert "storectl login-link acme" in page


def test_describe_of_a_failure_shows_its_cause_and_offers_a_retry(
    connected: Storectl, api: FakeApi
) -> None:
    error = {"code": "settings_refused", "params": {"detail": "no such currency"}}
    api.end = ("failed", {**error, "message": "m", "action": "a"})
    connected(*CREATE)
    page = connected("describe", "acme").out
    assert "The shop refused settings: no such currency" in page
    assert "storectl op retry op1" in page


def test_url_prints_the_address_alone(connected: Storectl) -> None:
    connected(*CREATE)
    assert connected("url", "acme").out == "http://127.0.0.1:9001/\n"


def test_url_of_a_store_without_one_is_a_conflict(connected: Storectl, api: FakeApi) -> None:
    connected(*CREATE, "--no-wait")
    assert connected("url", "acme").code == 5


def test_login_link_prints_the_link_alone_on_stdout(connected: Storectl) -> None:
    connected(*CREATE)
    outcome = connected("login-link", "acme")
    assert outcome.out == "http://127.0.0.1:9001/login/x\n"
    assert "works once" in outcome.err


def test_retire_and_purge_need_a_confirmation_where_nobody_can_be_asked(
    connected: Storectl, api: FakeApi
) -> None:
    connected(*CREATE)
    for command in (("retire", "acme"), ("purge", "acme"), ("purge", "acme", "--confirm", "acme")):
        refused = connected(*command)
        assert refused.code == 2
        assert "--yes" in refused.err
    assert len(api.operations) == 1


def test_retire_undelete_retire_purge(connected: Storectl, api: FakeApi) -> None:
    connected(*CREATE)
    assert connected("retire", "acme", "--yes").out == "acme: Retired\n"
    assert connected("undelete", "acme").code == 0
    assert connected("retire", "acme", "--yes").code == 0
    wrong = connected("purge", "acme", "--confirm", "acne", "--yes")
    assert (wrong.code, "was not confirmed" in wrong.err) == (2, True)
    gone = connected("purge", "acme", "--confirm", "acme", "--yes")
    assert (gone.code, gone.out) == (0, "Nothing is left of acme.\n")
    assert "acme" not in api.stores


def test_retire_can_ignore_a_missing_store(connected: Storectl) -> None:
    assert connected("retire", "nope", "--yes").code == 3
    ignored = connected("retire", "nope", "--yes", "--ignore-not-found")
    assert (ignored.code, ignored.out) == (0, "")


def test_apply_reads_yaml_literally(connected: Storectl, api: FakeApi, tmp_path) -> None:
    file = tmp_path / "store.yaml"
    file.write_text(MANIFEST)
    assert connected("apply", "-f", str(file)).code == 0
    body = api.bodies["acme"]
    assert body["country"] == "NO"
    assert body["shipping"] == {"flatRate": "4.90"}
    assert body["labels"] == {"build": "0042"}


def test_apply_dry_run_and_diff_change_nothing(connected: Storectl, api: FakeApi, tmp_path) -> None:
    file = tmp_path / "store.yaml"
    file.write_text(MANIFEST)
    dry = connected("apply", "-f", str(file), "--dry-run")
    assert (dry.code, "acme would be created:" in dry.out) == (0, True)
    assert connected("diff", "-f", str(file)).code == 10
    assert connected("diff", "-f", str(file), "-o", "json").json["exists"] is False
    assert api.stores == {}
    connected("apply", "-f", str(file))
    assert connected("diff", "-f", str(file)).code == 0
    assert "is as the file says" in connected("apply", "-f", str(file)).err


def test_what_get_prints_as_yaml_can_be_applied(connected: Storectl, tmp_path) -> None:
    connected(*CREATE)
    file = tmp_path / "acme.yaml"
    file.write_text(connected("get", "acme", "-o", "yaml").out)
    assert connected("diff", "-f", str(file)).code == 0
    file.write_text(connected("list", "-o", "yaml").out)
    assert connected("diff", "-f", str(file)).code == 0


def test_one_of_two_stores_that_fails_is_partial_success(
    connected: Storectl, api: FakeApi, tmp_path
) -> None:
    api.create({"name": "taken", "country": "DE"})
    file = tmp_path / "two.yaml"
    second = MANIFEST.replace("acme", "beta")
    file.write_text(f"{MANIFEST}---\n{second}")
    api.breaks = [0, 0, 0]
    outcome = connected("apply", "-f", str(file), "-o", "name")
    assert (outcome.code, outcome.out) == (0, "acme\nbeta\n")
    api.operations["op2"]["status"] |= {"state": "failed"}
    outcome = connected("apply", "-f", str(file))
    assert outcome.code == 9
    assert f"{file}, document 1 (line 1): acme" in outcome.err
    assert "Applied: beta. Not applied: acme." in outcome.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "there is no store in it", id="empty"),
        pytest.param("a: [", "while parsing", id="not-yaml"),
        pytest.param("text", "something that is no store", id="text"),
        pytest.param("kind: Store", "apiVersion must be storectl/v1", id="version"),
        pytest.param(MANIFEST.replace("kind: Store", "kind: Pod"), "kind must be Store", id="kind"),
        pytest.param(MANIFEST.replace("name: acme, ", ""), "metadata.name is missing", id="name"),
        pytest.param(MANIFEST.replace("spec:", "sepc:"), "spec is missing", id="spec"),
        pytest.param(MANIFEST + "extra: 1", "extra is not known", id="member"),
        pytest.param(f"{MANIFEST}---\n{MANIFEST}", "“acme” is in", id="twice"),
        pytest.param("!!python/object:os.system {}", "has no meaning here", id="python-tag"),
        pytest.param(MANIFEST + "spec: {country: DE}", "“spec” stands already in line", id="key"),
    ],
)
def test_a_bad_file_is_a_usage_error(
    connected: Storectl, api: FakeApi, tmp_path, text, says
) -> None:
    file = tmp_path / "store.yaml"
    file.write_text(text)
    outcome = connected("apply", "-f", str(file))
    assert outcome.code == 2
    assert says in outcome.err
    assert api.requests == []


def test_a_directory_is_applied_by_name_and_on_request_what_is_below_it(
    connected: Storectl, api: FakeApi, tmp_path
) -> None:
    (tmp_path / "deep").mkdir()
    for place, name in (("b.yml", "beta"), ("a.yaml", "acme"), ("deep/c.yaml", "gamma")):
        (tmp_path / place).write_text(MANIFEST.replace("acme", name))
    (tmp_path / "notes.txt").write_text("no store")
    assert connected("apply", "-f", str(tmp_path), "-o", "name").out == "acme\nbeta\n"
    assert "gamma" not in api.stores
    again = connected("apply", "-f", str(tmp_path), "-R", "-o", "name")
    assert again.out == "acme\nbeta\ngamma\n"
    several = connected(
        "apply", "-f", str(tmp_path / "deep"), "-f", str(tmp_path / "a.yaml"), "-o", "name"
    )
    assert several.out == "gamma\nacme\n"
    (tmp_path / "empty").mkdir()
    empty = connected("apply", "-f", str(tmp_path / "empty"))
    assert (empty.code, "no YAML or JSON file" in empty.err) == (2, True)


def test_a_missing_file_is_a_usage_error(connected: Storectl, tmp_path) -> None:
    outcome = connected("apply", "-f", str(tmp_path / "nope.yaml"))
    assert (outcome.code, "No such file" in outcome.err) == (2, True)


def test_events_are_a_timeline(connected: Storectl) -> None:
    connected(*CREATE)
    assert "The order for “acme” is accepted." in connected("events", "acme").out
    assert connected("events", "acme", "-o", "json").json[0]["reason"] == "StoreAccepted"


def test_operations_are_listed_shown_and_waited_for(connected: Storectl, api: FakeApi) -> None:
    connected(*CREATE, "--no-wait")
    assert connected("op", "wait", "op1").code == 0
    assert "create  Done" in connected("op", "get", "op1").out
    assert connected("op", "get", "op9").code == 3


def test_the_token_is_asked_for_in_the_error(
    api: FakeApi, storectl: Storectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = storectl("list", "--server", api.url)
    assert (outcome.code, "STORECTL_TOKEN" in outcome.err) == (4, True)


def test_api_sends_any_request(connected: Storectl) -> None:
    connected(*CREATE)
    assert connected("api", "GET", "/stores/acme").json["kind"] == "Store"
    body = json.dumps({"name": "beta", "country": "DE"})
    assert connected("api", "post", "stores", "--data", body).json["kind"] == "Operation"
    assert connected("api", "POST", "/stores", "--data", "{").code == 2


def test_table_rates_go_in_and_out_as_csv(connected: Storectl, api: FakeApi, tmp_path) -> None:
    connected(*CREATE)
    file = tmp_path / "rates.csv"
    head = "Country,Region/State,Zip/Postal Code,Weight (and above),Shipping Price\n"
    file.write_text(head + "DE,*,01067,0,4.90\nUSA,CA,*,1.5,20\n")
    table = settings.patch([f"shipping.tableRates=@{file}"], None)["shipping"]["tableRates"]
    assert (table["by"], table["rows"][0]["postcode"]) == ("weight", "01067")
    file.write_text(head + "DE,*,*,zero,4.90\n")
    wrong = connected("config", "set", "acme", f"shipping.tableRates=@{file}")
    assert (wrong.code, "Line 2" in wrong.err) == (2, True)
