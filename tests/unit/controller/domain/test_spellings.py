"""Numbers, durations, telephone numbers and codes as people type them."""

import time
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain import spellings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4.90", "4.90"),
        ("4,90", "4.90"),
        (" 10 ", "10"),
        ("+5", "5"),
        ("-3", "-3"),
        ("−3", "-3"),
        (".5", "0.5"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234\u00a0567,5", "1234567.5"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1.234", "1.234"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("１０", "10"),
        ("٤٫٩٠", "4.90"),
        ("\u200f٤٫٩٠", "4.90"),
        ("१२", "12"),
        (10, "10"),
        (4.9, "4.9"),
        (Decimal("0.10"), "0.10"),
        ("01067", "1067"),
    ],
)
def test_a_number_is_read_as_it_is_typed(text: object, value: str) -> None:
    assert spellings.number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "1,234",
        "1_0",
        "0x10",
        "1e3",
        "NaN",
        "inf",
        "-inf",
        "",
        " ",
        "4.9.0",
        "1,23,456",
        "4,9,0",
        "1.2,3.4",
        "--1",
        "+-1",
        "1 0",
        "$4",
        "4,90 €",
        "½",
        "10²",
        "1\n234",
        "1\t234",
        "x" * 1000,
        "9" * 61,
        True,
        None,
        float("nan"),
        "1.",
        ",",
    ],
)
def test_what_is_not_clear_is_no_number(text: object) -> None:
    assert spellings.number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("10", 10), ("10.0", 10), (10.0, 10), ("1.5", None), (True, None), (1.5, None)],
)
def test_a_whole_number_has_no_fraction(text: object, value: int | None) -> None:
    assert spellings.whole(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("90m", 5400),
        ("2 h", 7200),
        ("1d12h", 129_600),
        ("1d 12h", 129_600),
        ("1 day, 12 hours", 129_600),
        ("2 hours", 7200),
        ("1.5h", 5400),
        ("1,5 h", 5400),
        ("+2h", 7200),
        ("2 Stunden", 7200),
        ("3 días", 259_200),
        ("٢ ساعات", 7200),
        ("1w", 604_800),
        ("PT2H", 7200),
        ("P1DT12H", 129_600),
        ("p1w", 604_800),
        ("2H", 7200),
    ],
)
def test_a_duration_is_read_as_it_is_typed(text: str, seconds: int) -> None:
    assert spellings.duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "h",
        "2 h 5",
        "1 month",
        "-2h",
        "P",
        "PT",
        "2h!",
        "P1Y",
        "1__h",
        "h2",
        "x" * 100_000,
    ],
)
def test_what_is_not_clear_is_no_duration(text: str) -> None:
    assert spellings.duration(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(212) 555-0100", "(212) 555-0100"),
        ("+49 30 123456", "+49 30 123456"),
        ("+1 (212) 555-0100 ext. 12", "+1 (212) 555-0100 ext. 12"),
        ("212 555 0100 x12", "212 555 0100 ext. 12"),
        ("030/123456 Durchwahl 7", "030/123456 ext. 7"),
        ("tel:+1-212-555-0100;ext=12", "+1-212-555-0100 ext. 12"),
        ("٠٢ ٥٥٥ ٠١٠٠", "02 555 0100"),
        ("\u200e+٩٧١ ٤ ٥٥٥ ٠١٠٠", "+971 4 555 0100"),
        ("０３−１２３４−５６７８", "03-1234-5678"),
        ("+33 1 23 45 67 89", "+33 1 23 45 67 89"),
        ("110", "110"),
    ],
)
def test_a_telephone_number_is_read_as_it_is_typed(text: str, number: str) -> None:
    assert spellings.telephone(text) == number
    assert spellings.telephone(number) == number


@pytest.mark.parametrize(
    "text", ["", "12", "call me", "+", "((212) 555", "1" * 18, "555-0100<b>", "a" * 10_000]
)
def test_what_is_no_telephone_number_is_none(text: str) -> None:
    assert spellings.telephone(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "123456",
        "123-456",
        "123 456",
        "123–456",
        "1 2 3 4 5 6",
        "１２３４５６",
        "١٢٣٤٥٦",
        "\u200f١٢٣-٤٥٦\u200f",
    ],
)
def test_a_code_is_read_as_it_is_typed_off(text: str) -> None:
    assert spellings.code(text) == "123456"


@given(st.text(max_size=80) | st.text("0123456789.,' +-hmdPT()x٤٫\u00a0", max_size=80))
@settings(max_examples=300, deadline=None)
@example("1" * 59 + "x")
@example("( " * 30)
def test_no_text_breaks_or_holds_up_a_reader(text: str) -> None:
    began = time.process_time()
    found = spellings.number(text)
    assert found is None or found.is_finite()
    seconds = spellings.duration(text)
    assert seconds is None or seconds >= 0
    phone = spellings.telephone(text)
    assert phone is None or spellings.telephone(phone) == phone
    spellings.code(text)
    assert time.process_time() - began < 1
