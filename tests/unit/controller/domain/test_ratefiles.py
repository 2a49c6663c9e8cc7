"""Table rates as CSV: Magento's own export, what spreadsheets make of it, and what is none."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain import ratefiles
from controller.domain.ratefiles import RateFileError, RateFileHeadError

HEAD = "Country,Region/State,Zip/Postal Code,Weight (and above),Shipping Price\n"


def row(country: str, region: str, postcode: str, above: str, price: str) -> dict[str, str]:
    place = {"country": country, "region": region, "postcode": postcode}
    return {**place, "above": above, "price": price}


def test_magentos_own_export_is_read() -> None:
    text = HEAD.replace("Weight", '"Weight').replace("(and above)", '(and above)"')
    text += 'USA,*,*,0.0000,15.0000\nUSA,CA,"902*",10.5,"20.00"\n*,*,*,0,25\n'
    assert ratefiles.read(text) == {
        "by": "weight",
        "rows": [
            row("USA", "*", "*", "0.0000", "15.0000"),
            row("USA", "CA", "902*", "10.5", "20.00"),
            row("*", "*", "*", "0", "25"),
        ],
    }


def test_what_a_european_spreadsheet_makes_of_it_is_read() -> None:
    text = "\ufeffLand;Region/Bundesland;PLZ;Gewicht (und höher);Versandkosten\r\n"
    text += 'de;;01067;1,500;4,90\r\n;;;;\r\nCH;*;"*";"1.234,5";1\'050,00;;\r\n'
    assert ratefiles.read(text)["rows"] == [
        row("DE", "*", "01067", "1.500", "4.90"),
        row("CH", "*", "*", "1234.5", "1050.00"),
    ]


@pytest.mark.parametrize(
    ("named", "basis"),
    [
        ("Order Subtotal (and above)", "value"),
        ("# of Items (and above)", "items"),
        ("Zwischensumme (und höher)", "value"),
        ("Peso (y superior)", "weight"),
        ("الوزن (فأكثر)", "weight"),
    ],
)
def test_the_fourth_column_says_what_the_rates_go_by(named: str, basis: str) -> None:
    assert ratefiles.read(f"a\tb\tc\t{named}\te\nDE\t*\t*\t0\t1\n")["by"] == basis


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("DE,*,*,0", "4 columns"),
        ("DE,*,*,0,1,2", "6 columns"),
        ("DE,*,*,zero,1", "'zero'"),
        ('DE,*,*,0,"1,234"', "'1,234'"),
        ("DE,*,*,0,1_0", "'1_0'"),
        ("DE,*,*,,1", "''"),
        ('DE,*,*,0,"1', "end of data"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, told: str) -> None:
    with pytest.raises(RateFileError) as raised:
        ratefiles.read(f"{HEAD}DE,*,*,0,1\n\n{line}\n")
    assert raised.value.params["line"] in {4, 5}
    assert told in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n\n", "DE,*,*,0,1\n", "a,b\n", "\x00"])
def test_a_file_that_does_not_say_what_it_goes_by_is_refused(text: str) -> None:
    with pytest.raises(RateFileHeadError):
        ratefiles.read(text)


def test_no_more_rows_than_a_store_may_have() -> None:
    text = HEAD + "".join(f"DE,*,{n:05},0,1\n" for n in range(5001))
    with pytest.raises(RateFileError):
        ratefiles.read(text)
    began = time.process_time()
    assert len(ratefiles.read(text[: text.rindex("DE")])["rows"]) == 5000
    assert time.process_time() - began < 5


_AMOUNTS = st.decimals(0, 10**6, places=2).map(str)
_CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Cs")), min_size=1)
_ROWS = st.builds(row, st.sampled_from(["DE", "*"]), _CELLS, _CELLS, _AMOUNTS, _AMOUNTS)


@given(st.sampled_from(["weight", "value", "items"]), st.lists(_ROWS, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_as_it_was(basis: str, rows: list[dict[str, str]]) -> None:
    table = {
        "by": basis,
        "rows": [{**item, "region": item["region"].strip() or "*"} for item in rows],
    }
    assert ratefiles.read(ratefiles.written(table)) == table


@given(st.text(max_size=200) | st.text('",;\n*0123456789.DE\t', max_size=200).map(HEAD.__add__))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(RateFileError):
        ratefiles.read(text)
