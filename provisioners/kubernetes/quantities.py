"""Numbers as Kubernetes writes them: 250m, 1.5, 768Mi."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

_QUANTITY = re.compile(r"^([0-9.]+)(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")
_FACTORS = {
    "m": Decimal("0.001"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
}


def quantity(value: Any) -> Decimal | None:
    """The number that is written, or None."""
    found = _QUANTITY.match(str(value)) if isinstance(value, str | int | float) else None
    if found is None:
        return None
    try:
        return Decimal(found[1]) * _FACTORS.get(found[2] or "", Decimal(1))
    except InvalidOperation:
        return None
