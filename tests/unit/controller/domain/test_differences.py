"""What differs is told by its smallest fields."""

from controller.domain.differences import leaves

ROW = {"country": "DE", "region": "*", "postcode": "*", "above": "0", "price": "4.90"}


def test_one_changed_leaf_is_told_alone() -> None:
    old = {"flatRate": "4.90", "origin": {"city": "Bonn", "street": "Weg 1"}, "tableRates": None}
    new = {**old, "origin": {"city": "Bonn", "street": "Weg 2"}}
    assert leaves([("shipping", old, new)]) == [("shipping.origin.street", "Weg 1", "Weg 2")]


def test_of_rows_those_that_go_and_those_that_come_are_told() -> None:
    same = [{**ROW, "postcode": f"{n:05}"} for n in range(5000)]
    dearer = {**ROW, "price": "5.90"}
    found = leaves([("shipping", {"rows": [*same, ROW]}, {"rows": [*same, dearer]})])
    assert found == [("shipping.rows", [ROW], [dearer])]


def test_what_comes_and_goes_is_told_whole() -> None:
    table = {"by": "weight", "rows": [ROW]}
    assert leaves([("tableRates", None, table)]) == [("tableRates", None, table)]
    assert leaves([("sites", {"us": {"url": "x"}}, {})]) == [("sites.us", {"url": "x"}, None)]
    assert leaves([("payments", ["check"], ["bank_transfer"])]) == [
        ("payments", ["check"], ["bank_transfer"])
    ]
