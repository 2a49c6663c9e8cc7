"""Table rates as CSV: what Magento exports and spreadsheets make of it, and the same back again.

The first line names the columns; the fourth says what the rates go by. Signs between the columns
are commas, semicolons or tabs; where they are semicolons, a comma is a decimal sign.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from controller.domain.commerce import TableBasis
from controller.domain.errors.base import InvalidInputError
from controller.domain.spellings import number
from controller.i18n import N_

MOST_ROWS: Final = 5000
_PLACES: Final = ("Country", "Region/State", "Zip/Postal Code")
_BOUNDS: Final = {
    TableBasis.WEIGHT: "Weight (and above)",
    TableBasis.VALUE: "Order Subtotal (and above)",
    TableBasis.ITEMS: "# of Items (and above)",
}
# Magento names the columns in its administrator's language.
_WORDS: Final = {
    TableBasis.WEIGHT: ("weight", "gewicht", "peso", "poids", "وزن"),
    TableBasis.ITEMS: ("item", "artikel", "artículo", "articulo", "anzahl", "quantity", "عدد"),
    TableBasis.VALUE: ("subtotal", "summe", "value", "wert", "importe", "price (", "قيمة", "مجموع"),
}


class RateFileError(InvalidInputError):
    """A line of a file of table rates that cannot be read."""

    code = "rate_file"
    cause = N_("Line %(line)s cannot be read: %(detail)s")
    action = N_("A line is: country, region, postcode, from how much on, price; * is everywhere.")


class RateFileHeadError(RateFileError):
    """The first line does not say what the rates go by."""

    code = "rate_file_head"
    cause = N_("Line 1 does not say whether the rates go by weight, value or items.")
    action = N_(
        "Let it be: Country,Region/State,Zip/Postal Code,Weight (and above),Shipping Price. The "
        "fourth can be “Order Subtotal (and above)” or “# of Items (and above)” too."
    )


def read(text: str) -> dict[str, Any]:
    """Table rates as the API takes them; raises RateFileError."""
    text = text.removeprefix("\ufeff")
    delimiter = _delimiter(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    basis: TableBasis | None = None
    rows: list[dict[str, str]] = []
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if basis is None:
                basis = _basis(cells)
            elif len(rows) >= MOST_ROWS:
                raise RateFileError(line=lines.line_num, detail=f"more than {MOST_ROWS} rows")
            else:
                rows.append(_row(cells, lines.line_num, comma=delimiter != ","))
    except csv.Error as error:
        raise RateFileError(line=lines.line_num, detail=str(error)) from None
    if basis is None:
        raise RateFileHeadError(line=1)
    return {"by": str(basis), "rows": rows}


def _delimiter(text: str) -> str:
    head = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=head.count)


def _basis(cells: list[str]) -> TableBasis:
    named = cells[3].casefold() if len(cells) > 3 else ""
    for basis, words in _WORDS.items():
        if any(word in named for word in words):
            return basis
    raise RateFileHeadError(line=1)


def _row(cells: list[str], line: int, *, comma: bool) -> dict[str, str]:
    said = [cell.strip() for cell in cells]
    while len(said) > 5 and not said[-1]:
        said.pop()
    if len(said) != 5:
        raise RateFileError(line=line, detail=f"{len(said)} columns instead of 5")
    country, region, postcode = (cell or "*" for cell in said[:3])
    above, price = (_amount(cell, line, comma=comma) for cell in said[3:])
    place = {"country": country.upper(), "region": region, "postcode": postcode}
    return {**place, "above": above, "price": price}


def _amount(cell: str, line: int, *, comma: bool) -> str:
    # Where columns end with semicolons, `1,500` is one and a half.
    plain = cell.replace(",", ".") if comma and cell.count(",") == 1 and "." not in cell else cell
    found = number(plain)
    if found is None:
        raise RateFileError(line=line, detail=f"{cell[:40]!r} is no number that is clear")
    return f"{found:f}"


def written(table: Mapping[str, Any]) -> str:
    """Table rates of the API as Magento exports them."""
    file = io.StringIO(newline="")
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow((*_PLACES, _BOUNDS[TableBasis(table["by"])], "Shipping Price"))
    lines.writerows(_cells(table["rows"]))
    return file.getvalue()


def _cells(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for row in rows:
        amounts = (f"{Decimal(str(row[name])):f}" for name in ("above", "price"))
        yield (row["country"], row["region"], row["postcode"], *amounts)
