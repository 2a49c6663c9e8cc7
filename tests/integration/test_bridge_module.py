"""The Bridge, Store Controller's Magento module: its syntax, its coding standards, its unit tests.

`make bridge-check` runs these alone. Without Magento they see what needs no framework; the contract
suite asks the module itself where a live Magento has it.
"""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[2] / "images" / "magento" / "bridge"
SOURCES = sorted(MODULE.rglob("*.php"))
MAGENTOS_OWN = "Magento2"
pytestmark = pytest.mark.needs("phpunit")


def run(*command: str | Path) -> str:
    """Run a program in the module; its output, AssertionError with it when it fails."""
    done = subprocess.run(command, check=False, cwd=MODULE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def standards() -> list[str]:
    """Return the standards that the module is held to here: Magento's own where it is installed."""
    installed = MAGENTOS_OWN in run("phpcs", "-i")
    return ["phpcs.xml", MAGENTOS_OWN] if installed else ["phpcs.xml"]


def test_every_file_is_php() -> None:
    assert len(SOURCES) > 50
    checks = (
        "foreach (array_slice($argv, 1) as $file) { passthru(PHP_BINARY . ' -l ' . $file, $no);"
    )
    checks += " if ($no) { exit(1); } }"
    said = run("php", "-r", checks, *[path.relative_to(MODULE) for path in SOURCES])
    assert said.count("No syntax errors") == len(SOURCES)


def test_every_file_declares_strict_types() -> None:
    assert [p.name for p in SOURCES if "declare(strict_types=1);" not in p.read_text()] == []


def test_the_coding_standards_find_nothing() -> None:
    for standard in standards():
        run("phpcs", "-q", f"--standard={standard}", "--extensions=php", ".")


def test_its_rules_are_tested(tmp_path: Path) -> None:
    log = tmp_path / "log.xml"
    run("phpunit", "--configuration", "phpunit.xml", "--log-junit", log)
    suite = ET.parse(log).getroot()[0].attrib
    counts = {name: int(suite[name]) for name in ("errors", "failures", "skipped", "warnings")}
    assert (counts, int(suite["tests"]) > 100) == (dict.fromkeys(counts, 0), True)


def test_every_route_has_a_right_of_its_own_kind() -> None:
    """A route is anonymous (`ready` alone) or needs one leaf that the list of rights has."""
    rights = {one.attrib["id"] for one in ET.parse(MODULE / "etc/acl.xml").iter("resource")}
    leaves = rights - {"StoreController_Bridge::bridge", "Magento_Backend::admin"}
    used: Counter[str] = Counter()
    for route in ET.parse(MODULE / "etc/webapi.xml").iter("route"):
        (resource,) = route.iter("resource")
        used[resource.attrib["ref"]] += 1
        service = next(route.iter("service")).attrib
        source = MODULE / (service["class"].split("\\", 2)[2].replace("\\", "/") + ".php")
        assert f"function {service['method']}(" in source.read_text()
    assert set(used) == leaves | {"anonymous"}
    assert used["anonymous"] == 1


def test_its_tables_may_be_made_and_dropped() -> None:
    """Magento drops a table's columns only when the whitelist names them."""
    whitelist = json.loads((MODULE / "etc/db_schema_whitelist.json").read_text())
    for table in ET.parse(MODULE / "etc/db_schema.xml").iter("table"):
        columns = {column.attrib["name"] for column in table.findall("column")}
        assert set(whitelist[table.attrib["name"]]["column"]) == columns
