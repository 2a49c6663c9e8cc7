"""Names of shops and owners: what is accepted, what is refused and what is suggested."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.domain import naming
from controller.domain.errors.inputs import (
    InvalidDisplayNameError,
    InvalidEmailError,
    InvalidNameError,
)
from controller.domain.naming import NameProblem

RFC_1123_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

ANY_TEXT = st.text(st.characters())  # Lone surrogates and controls included.
NEAR_SLUGS = st.text(st.sampled_from("abkuexn019-./{}$%\n"), max_size=45)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("acme", None, id="plain"),
        pytest.param("ab", None, id="shortest"),
        pytest.param("a" * 40, None, id="longest"),
        pytest.param("tea-house-24", None, id="words and digits"),
        pytest.param("demo", None, id="demo"),
        pytest.param("test", None, id="test is for pipelines"),
        pytest.param("mall", None, id="a word shaped like a reserved one but spelt with letters"),
        pytest.param("a1-books", None, id="a digit among letters"),
        pytest.param("", NameProblem.EMPTY, id="empty"),
        pytest.param("a", NameProblem.TOO_SHORT, id="one letter"),
        pytest.param("a" * 41, NameProblem.TOO_LONG, id="41"),
        pytest.param("a" * 10_000_000, NameProblem.TOO_LONG, id="ten million"),
        pytest.param("Acme", NameProblem.CHARACTERS, id="capital"),
        pytest.param("a b", NameProblem.CHARACTERS, id="space"),
        pytest.param("acme\n", NameProblem.CHARACTERS, id="line feed at the end"),
        pytest.param(" acme", NameProblem.CHARACTERS, id="not trimmed"),
        pytest.param("a\u200bb", NameProblem.CHARACTERS, id="zero width"),
        pytest.param("🛍️", NameProblem.CHARACTERS, id="emoji"),
        pytest.param("аcme", NameProblem.CHARACTERS, id="Cyrillic a"),
        pytest.param("ａcme", NameProblem.CHARACTERS, id="full width a"),
        pytest.param("acme٣", NameProblem.CHARACTERS, id="Arabic digit"),
        pytest.param("münchen", NameProblem.CHARACTERS, id="umlaut"),
        pytest.param("a_b", NameProblem.CHARACTERS, id="underscore"),
        pytest.param("../etc/passwd", NameProblem.CHARACTERS, id="path"),
        pytest.param("{{7*7}}", NameProblem.CHARACTERS, id="template"),
        pytest.param("$(id)", NameProblem.CHARACTERS, id="shell"),
        pytest.param("a.b", NameProblem.CHARACTERS, id="dot"),
        pytest.param("-a", NameProblem.HYPHEN_EDGE, id="hyphen first"),
        pytest.param("a-", NameProblem.HYPHEN_EDGE, id="hyphen last"),
        pytest.param("-", NameProblem.HYPHEN_EDGE, id="hyphen alone"),
        pytest.param("7eleven", NameProblem.FIRST_LETTER, id="digit first"),
        pytest.param("xn--bcher-kva", NameProblem.PUNYCODE, id="encoded"),
        pytest.param("ab--c", NameProblem.PUNYCODE, id="encoded by some later rule"),
        pytest.param("admin", NameProblem.RESERVED, id="admin"),
        pytest.param("api", NameProblem.RESERVED, id="api"),
        pytest.param("www", NameProblem.RESERVED, id="www"),
        pytest.param("kube-system", NameProblem.RESERVED, id="kube-system"),
        pytest.param("kube-anything", NameProblem.RESERVED, id="kube-"),
        pytest.param("adm1n", NameProblem.RESERVED, id="1 for i"),
        pytest.param("l0g1n", NameProblem.RESERVED, id="0 for o and 1 for i"),
        pytest.param("1ogin", NameProblem.FIRST_LETTER, id="1 for l"),
    ],
)
def test_a_slug_is_judged_by_the_first_rule_it_breaks(
    text: str, problem: NameProblem | None
) -> None:
    assert naming.problem_of(text) is problem


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "name_empty"),
        ("a", "name_too_short"),
        ("a" * 41, "name_too_long"),
        ("a b", "name_characters"),
        ("-a", "name_hyphen"),
        ("1a", "name_hyphen"),
        ("xn--a", "name_punycode"),
        ("admin", "name_reserved"),
    ],
)
def test_each_problem_has_a_coded_error(text: str, code: str) -> None:
    with pytest.raises(InvalidNameError) as raised:
        naming.check_slug(text)
    assert raised.value.code == code


def test_a_valid_slug_comes_back_unchanged() -> None:
    assert naming.check_slug("acme") == "acme"


@given(ANY_TEXT | NEAR_SLUGS | st.from_regex(r"\A[a-z][a-z0-9-]{0,45}\Z"))
@example("kube-system")
def test_every_text_is_a_label_or_raises_a_coded_error(text: str) -> None:
    try:
        naming.check_slug(text)
    except InvalidNameError:
        assert naming.problem_of(text)
    else:
        assert RFC_1123_LABEL.fullmatch(text)
        assert not set(text) & set("./\\{}$%<>&;:'\"`~ \n\r\t\0")


@given(ANY_TEXT | NEAR_SLUGS, ANY_TEXT | st.emails())
@example("", "")
@example("\ud800", "\ud800@")
@example("admin", "root@example.com")
@example("x" * 100_000, "")
@example("xn--a", "")
def test_a_slug_can_be_made_of_any_name(display_name: str, email: str) -> None:
    slug = naming.slug_from(display_name, email)
    assert naming.problem_of(slug) is None
    assert slug == naming.slug_from(display_name, email)


@pytest.mark.parametrize(
    ("display_name", "email", "slug"),
    [
        pytest.param("Acme", "", "acme", id="plain"),
        pytest.param("Bäckerei Müller & Söhne", "", "baeckerei-mueller-soehne", id="German"),
        pytest.param("Mu\u0308ller", "", "mueller", id="decomposed umlaut"),
        pytest.param("GROẞMANN", "", "grossmann", id="capital sharp s"),
        pytest.param("Café Ñandú", "", "cafe-nandu", id="Spanish"),
        pytest.param("Smørrebrød", "", "smoerrebroed", id="Danish"),
        pytest.param("İstanbul Işık", "", "istanbul-isik", id="Turkish"),
        pytest.param("Bob’s Books", "", "bobs-books", id="possessive"),
        pytest.param("متجر Ahmed", "", "ahmed", id="Latin words beside Arabic ones"),
        pytest.param("متجر أحمد", "fatima.ali@example.ae", "fatima-ali", id="mailbox"),
        pytest.param("Admin", "", "my-admin", id="reserved"),
        pytest.param("24 Stunden", "", "my-24-stunden", id="number first"),
        pytest.param("7", "eva@example.com", "eva", id="too short"),
    ],
)
def test_a_slug_reads_like_the_name(display_name: str, email: str, slug: str) -> None:
    assert naming.slug_from(display_name, email) == slug


def test_a_name_without_latin_letters_gets_the_same_letters_each_time() -> None:
    slug = naming.slug_from("متجر أحمد", "info@example.ae")
    assert re.fullmatch(r"shop-[a-z]{4}", slug)
    assert slug != naming.slug_from("متجر فاطمة", "info@example.ae")


@given(NEAR_SLUGS | st.from_regex(r"\A[a-z][a-z0-9-]{0,38}[a-z0-9]\Z"), st.integers(0, 12))
def test_suggestions_are_other_valid_names(slug: str, limit: int) -> None:
    names = naming.suggestions(slug, limit)
    assert len(set(names)) == limit
    assert slug not in names
    assert all(naming.problem_of(name) is None for name in names)


@pytest.mark.parametrize(
    ("slug", "names"),
    [
        pytest.param("acme", ("acme-2", "acme-shop", "acme-store"), id="taken"),
        pytest.param("acme-2", ("acme-3", "acme-shop", "acme-store"), id="numbered"),
        pytest.param("admin", ("my-admin", "my-admin-2", "my-admin-shop"), id="reserved"),
        pytest.param("Tea House", ("tea-house", "tea-house-2", "tea-house-shop"), id="repaired"),
    ],
)
def test_suggestions_stay_near(slug: str, names: tuple[str, ...]) -> None:
    assert naming.suggestions(slug, 3) == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("Acme & Söhne <Tee> {{1}}", None, id="markup is data"),
        pytest.param("  متجر أحمد  ", None, id="Arabic"),
        pytest.param("می\u200cخواهم", None, id="Persian with a non-joiner"),
        pytest.param("क्\u200dष", None, id="Hindi with a joiner"),
        pytest.param("Shop 👩‍👩‍👧", None, id="emoji family"),
        pytest.param("🛍️", None, id="emoji alone"),
        pytest.param("x" * 80, None, id="80"),
        pytest.param("e\u0301" * 80, None, id="80 after composition"),
        pytest.param("x" * 81, NameProblem.TOO_LONG, id="81"),
        pytest.param("x" * 10_000_000, NameProblem.TOO_LONG, id="ten million"),
        pytest.param("", NameProblem.EMPTY, id="empty"),
        pytest.param(" \u3000\t", NameProblem.EMPTY, id="spaces"),
        pytest.param("\u0301\u0301", NameProblem.EMPTY, id="marks alone"),
        pytest.param("a\x00b", NameProblem.INVISIBLE, id="nul"),
        pytest.param("a\nb", NameProblem.INVISIBLE, id="line feed"),
        pytest.param("a\u2028b", NameProblem.INVISIBLE, id="line separator"),
        pytest.param("a\u200bb", NameProblem.INVISIBLE, id="zero width space"),
        pytest.param("a\u200cb", NameProblem.INVISIBLE, id="joiner among Latin letters"),
        pytest.param("\u200dا", NameProblem.INVISIBLE, id="joiner first"),
        pytest.param("\u202eevil", NameProblem.INVISIBLE, id="bidi override"),
        pytest.param("a\u2066b", NameProblem.INVISIBLE, id="bidi isolate"),
        pytest.param("\ufeffAcme", NameProblem.INVISIBLE, id="byte order mark"),
        pytest.param("\u3164", NameProblem.INVISIBLE, id="Hangul filler"),
        pytest.param("a\ud800", NameProblem.INVISIBLE, id="surrogate"),
    ],
)
def test_a_display_name_is_any_visible_text(text: str, problem: NameProblem | None) -> None:
    assert naming.display_name_problem(text) is problem


@given(ANY_TEXT)
def test_an_accepted_display_name_is_stored_whole_and_once(text: str) -> None:
    try:
        name = naming.check_display_name(text)
    except InvalidDisplayNameError:
        return
    assert 1 <= len(name) <= naming.DISPLAY_NAME_MAX
    assert name.encode()
    assert naming.check_display_name(name) == name


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param(" Owner@Example.COM\n", "owner@example.com", id="case and spaces"),
        pytest.param("a.b+c@sub.example.de", "a.b+c@sub.example.de", id="tagged"),
        pytest.param("a@bücher.de", "a@xn--bcher-kva.de", id="international"),
        pytest.param("a@xn--bcher-kva.de", "a@xn--bcher-kva.de", id="encoded"),
        pytest.param("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai", id="Cyrillic"),
        pytest.param("a" * 64 + "@example.com", "a" * 64 + "@example.com", id="longest local"),
        pytest.param("a" * 65 + "@example.com", None, id="local too long"),
        pytest.param("a" * 9 + "@" + ("b" * 60 + ".") * 4 + "de", None, id="too long"),
        pytest.param("a@" + "b" * 64 + ".com", None, id="label too long"),
        pytest.param("a" * 10_000_000, None, id="ten million"),
        pytest.param("", None, id="empty"),
        pytest.param("owner", None, id="no at"),
        pytest.param("@example.com", None, id="no local"),
        pytest.param("a@", None, id="no domain"),
        pytest.param("a@localhost", None, id="no dot"),
        pytest.param("a@example.com.", None, id="dot last"),
        pytest.param("a@b..com", None, id="empty label"),
        pytest.param("a..b@example.com", None, id="two dots"),
        pytest.param("a@b@example.com", None, id="two ats"),
        pytest.param("a@127.0.0.1", None, id="address"),
        pytest.param("a@[127.0.0.1]", None, id="literal"),
        pytest.param("a@-b.com", None, id="hyphen"),
        pytest.param("a@b_c.com", None, id="underscore"),
        pytest.param("a@xn--zzzz--.com", None, id="bad encoding"),
        pytest.param("a\r\nBcc: b@example.com", None, id="header injection"),
        pytest.param("a@b.com\r\nBcc: c", None, id="header injection behind"),
        pytest.param('"a b"@example.com', None, id="quoted"),
        pytest.param("Eva <a@example.com>", None, id="with a name"),
        pytest.param("Jörg@example.com", "jörg@example.com", id="international local"),
        pytest.param("jo\u0308rg@example.com", "jörg@example.com", id="decomposed local"),
        pytest.param("用户@例え.jp", "用户@xn--r8jz45g.jp", id="Japanese"),
        pytest.param("علي@example.ae", "علي@example.ae", id="Arabic"),
        pytest.param("ü" * 33 + "@example.com", None, id="local of too many octets"),
        pytest.param("a\u202eb@example.com", None, id="turned around"),
        pytest.param("a\u00a0b@example.com", None, id="hard space"),
        pytest.param("\ud800@example.com", None, id="half a character"),
    ],
)
def test_a_mail_address_has_one_form(text: str, address: str | None) -> None:
    assert naming.normalize_email(text) == address


@given(ANY_TEXT | st.emails())
def test_an_accepted_mail_address_has_an_ascii_domain_and_is_stable(text: str) -> None:
    try:
        address = naming.check_email(text)
    except InvalidEmailError:
        return
    assert re.fullmatch(r"[^\s@]+@[a-z0-9.-]+", address)
    assert address.encode()
    assert naming.normalize_email(address) == address


def test_uids_are_distinct_ulids_in_lower_case() -> None:
    uids = {naming.new_uid() for _ in range(1000)}
    assert len(uids) == 1000
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", uid) for uid in uids)


def test_importing_the_module_loads_no_slow_library() -> None:
    program = (
        "import sys, controller.domain.naming;"
        "print({'idna', 'ulid', 'babel', 'pydantic', 'hashlib'} & set(sys.modules))"
    )
    root = Path(naming.__file__).parents[2]
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )
    assert shown.stdout.strip() == "set()"
