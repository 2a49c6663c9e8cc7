"""The documents name what there is: every setting, every verb, every command of make."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from cli.verbs import VERBS
from controller.settings import Settings
from scripts import error_table, picture

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text()
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
EVERYTHING = "\n".join(path.read_text() for path in DOCUMENTS)


def variables(model: type[BaseModel], prefix: str = "STORECTL_") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += variables(kind, f"{prefix}{name.upper()}__")
        else:
            found.append(prefix + name.upper())
    return found


def defaults(model: type[BaseModel], prefix: str = "STORECTL_") -> list[tuple[str, object]]:
    """Plain defaults; empty ones and the home, which depends on the checkout, are told in words."""
    found: list[tuple[str, object]] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += defaults(kind, f"{prefix}{name.upper()}__")
        elif isinstance(field.default, str | int | float) and field.default != "":
            found.append((prefix + name.upper(), field.default))
    return found


@pytest.mark.parametrize("variable", variables(Settings))
def test_every_setting_is_in_the_operators_guide(variable: str) -> None:
    assert f"`{variable}`" in OPERATIONS


def test_no_setting_is_documented_that_does_not_exist() -> None:
    listed = set(re.findall(r"^\| `(STORECTL_\w+)`", OPERATIONS, re.MULTILINE))
    assert listed == set(variables(Settings))


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", EVERYTHING))
    assert named <= targets


def test_the_table_of_errors_is_that_of_the_code() -> None:
    assert (ROOT / "docs/errors.md").read_text() == error_table.table()


def test_the_defaults_in_the_operators_guide_are_those_of_the_code() -> None:
    for variable, default in defaults(Settings):
        assert f"| `{variable}` | `{default}` |" in OPERATIONS


def nouns() -> dict[str, set[str]]:
    """The verbs of each noun, such as `cluster add`."""
    apps = {
        name: importlib.import_module(f"cli.commands.{known.module}").app
        for name, known in VERBS.items()
    }
    return {
        name: {str(command.name) for command in app.registered_commands}
        for name, app in apps.items()
        if app.info.name == name
    }


def test_every_command_that_a_document_or_a_message_names_exists() -> None:
    messages = (ROOT / "templates/locale/en/LC_MESSAGES/messages.po").read_text()
    told = EVERYTHING + messages.replace('"\n"', "")
    known = nouns()
    # "of storectl and of the server" is a sentence.
    told = told.replace("storectl and", "")
    named = set(re.findall(r"(?<![\w/.-])storectl ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", told))
    missing = [
        f"storectl {verb} {second}"
        for verb, second in named
        if verb not in VERBS or (second and verb in known and second not in known[verb])
    ]
    assert named
    assert not missing


def test_the_picture_of_the_layers_is_that_of_the_contracts() -> None:
    assert picture.PICTURE.read_text() == picture.drawn()


def folders(*rooms: str) -> set[str]:
    """The folders of these rooms that hold something of ours."""
    found = {path.name for room in rooms for path in (ROOT / room).iterdir() if path.is_dir()}
    return {name for name in found if not name.startswith((".", "_"))}


def test_the_tree_of_the_architecture_is_that_of_the_folders() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    tree = text.partition("```text\n")[2].partition("```")[0]
    rooms = ("controller", "controller/services", "controller/domain", "provisioners", "tests")
    assert folders(*rooms) <= set(re.findall(r"\b([a-z]+)/", tree))
    # A line begins with a folder, indented by the rooms that it is in.
    assert set(re.findall(r"^ {2,4}([a-z]+)/ ", tree, re.MULTILINE)) == folders(*rooms[:-1])
    for room in ("controller/bootstrap", "controller/services", "controller/services/diagnosis"):
        for module in (ROOT / room).glob("[a-z]*.py"):
            assert re.search(rf"\b{module.stem}\b", tree), f"{room}/{module.name}"


def test_every_file_that_the_contributors_are_sent_to_is_there() -> None:
    named = set(re.findall(r"`([a-z_/]+(?:\.[a-z]+|/))`", (ROOT / "CONTRIBUTING.md").read_text()))
    rooms = (ROOT, ROOT / "controller", ROOT / "helm/magento")
    assert named
    assert [name for name in named if not any((room / name).exists() for room in rooms)] == []
