"""YAML as people write it: nothing is lost, nothing is guessed, nothing grows without bound."""

import itertools
import time
import tracemalloc
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain import jsontext
from controller.domain.yamltext import (
    MOST_REPEATED,
    YamlAliasError,
    YamlBoundError,
    YamlError,
    YamlMergeError,
    YamlTagError,
    YamlTwiceError,
    load,
    load_all,
)


@pytest.mark.parametrize(
    "word",
    [
        "NO",
        "no",
        "on",
        "01067",
        "1_0",
        "0x10",
        "0o14",
        "4.90",
        "1e3",
        "12:30",
        "2026-11-30",
        ".inf",
    ],
)
def test_a_plain_word_is_the_text_that_stands_there(word: str) -> None:
    assert load(f"key: {word}") == {"key": word}
    assert load(f"{word}: value") == {word: "value"}


def test_true_false_and_null_mean_something_and_quotes_take_it_away() -> None:
    found = load("a: true\nb: False\nc: ~\nd:\ne: 'true'\nf: \"null\"\ng: !!str true\n")
    assert found == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": "true",
        "f": "null",
        "g": "true",
    }


def test_numbers_are_those_of_json_where_they_are_wanted() -> None:
    found = load("[1, -2, 4.5, 1e3, 01067, 1_0, 0x10, 1e999, '7']", numbers=True)
    assert found == [1, -2, 4.5, 1000.0, "01067", "1_0", "0x10", "1e999", "7"]


@pytest.mark.parametrize(
    ("text", "fault", "line"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", YamlTwiceError, 3, id="twice"),
        pytest.param("a:\n  b: 1\n  b: 1\n", YamlTwiceError, 3, id="twice-below"),
        pytest.param('{"a": 1,\n "a": 2}', YamlTwiceError, 2, id="twice-in-json"),
        pytest.param("a: 1\n'a': 2", YamlTwiceError, 2, id="twice-quoted"),
        pytest.param("x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x", YamlTwiceError, 4, id="two-merges"),
        pytest.param("a: 1\nb: *c", YamlAliasError, 2, id="alias-of-nothing"),
        pytest.param("a: &a\n  b: *a", YamlAliasError, 2, id="alias-into-itself"),
        pytest.param("a: 1\n<<: text", YamlMergeError, 2, id="merge-of-text"),
        pytest.param("a: !!python/object:os.system x", YamlTagError, 1, id="python"),
        pytest.param("a: !!binary aGk=", YamlTagError, 1, id="binary"),
        pytest.param("a: !!int x", YamlTagError, 1, id="tag-of-something-else"),
        pytest.param("\n\n" + "[" * 65, YamlBoundError, 3, id="deep"),
        pytest.param("a: 1\n\tb: 2", YamlError, 2, id="tab"),
        pytest.param("a: 1\nb: 'x", YamlError, 2, id="open-quote"),
        pytest.param("a: 1\nb: \x07", YamlError, 2, id="bell"),
        pytest.param("? [a]\n: b", YamlError, 1, id="list-as-key"),
        pytest.param("a: \ud800", YamlError, 1, id="surrogate"),
        pytest.param("a: 1\n---\nb: 2\n", YamlError, 2, id="second-document"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, fault: type, line: int) -> None:
    with pytest.raises(fault) as raised:
        load(text)
    assert raised.value.params["line"] == line


def test_merge_keys_give_what_is_not_said_and_change_no_other() -> None:
    found = load(
        "one: &one {a: '1', list: [x]}\n"
        "two: &two {a: '2', b: '2'}\n"
        "three: {<<: [*one, *two], c: '3'}\n"
        "four: {a: '4', <<: *one}\n"
    )
    assert found["three"] == {"a": "1", "b": "2", "list": ["x"], "c": "3"}
    assert found["four"] == {"a": "4", "list": ["x"]}
    found["three"]["list"].append("y")
    assert found["one"]["list"] == ["x"]


def bomb(levels: int, width: int) -> str:
    names = [f"n{index}" for index in range(levels)]
    lines = [f"{names[0]}: &{names[0]} [{', '.join(['x'] * width)}]"]
    for before, name in itertools.pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * width)}]")
    return "\n".join(lines)


def merge_bomb(levels: int) -> str:
    return "a0: &a0 {x: y}\n" + "\n".join(
        f"a{n}: &a{n} {{<<: *a{n - 1}, l{n}: *a{n - 1}, r{n}: *a{n - 1}}}" for n in range(1, levels)
    )


@pytest.mark.parametrize("text", [bomb(9, 9), bomb(40, 2), merge_bomb(40)])
def test_aliases_cannot_make_millions_of_a_few_lines(text: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(YamlBoundError):
            load(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 5
    assert peak < 64 * 1024 * 1024


def test_ordinary_repetition_is_within_the_bounds() -> None:
    rows = "base: &row {country: DE, price: '4.90'}\nrows:\n" + "- *row\n" * 10_000
    assert len(load(rows)["rows"]) == 10_000
    assert MOST_REPEATED > 10_000 * 3


def test_json_with_escaped_pairs_is_read() -> None:
    assert load(r'{"a": "\ud83c\udf75", "b": "\\ud83c", "c": 4.90}') == {
        "a": "🍵",
        "b": r"\ud83c",
        "c": "4.90",
    }


def test_documents_know_where_they_begin() -> None:
    found = load_all("a: 1\n---\n# nothing\n---\nb: 2\n")
    assert [(item.value, item.line) for item in found] == [
        ({"a": "1"}, 1),
        (None, 2),
        ({"b": "2"}, 4),
    ]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(blacklist_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@given(_VALUES)
@settings(max_examples=60, deadline=None)
@example({"a": ["NO", "01067", "1e3", "<<", "=", "~", "\u2028", "# x", "- y"]})
def test_what_we_write_is_read_as_it_was(value: object) -> None:
    """Keys are text, and `<<` alone is none: that is what it is for."""
    written = yaml.safe_dump({"value": value}, allow_unicode=True, sort_keys=False, width=1000)
    if "<<" not in keys_of(value):
        assert load(written) == {"value": value}


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return {*value}.union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_only_this_module_reads_yaml() -> None:
    root = Path(__file__).parents[4]
    readers = ("yaml.safe_load", "yaml.load(", "yaml.load_all", "yaml.safe_load_all", "yaml.parse")
    found = {
        str(path.relative_to(root))
        for part in ("controller", "cli")
        for path in (root / part).rglob("*.py")
        if any(reader in path.read_text() for reader in readers)
    }
    assert found == {"controller/domain/yamltext.py"}


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "{", "", "[" * 100_000, "1" * 10_000, "{'a': 1}"]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- Python's reader says in many ways what is wrong.
        jsontext.loads(text)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "b": 2, "a": 3}}]'])
def test_a_key_twice_in_json_is_named(text: str) -> None:
    with pytest.raises(jsontext.JsonTwiceError) as raised:
        jsontext.loads(text)
    assert raised.value.params["key"] == "a"
