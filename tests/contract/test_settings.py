"""Contract of the settings: what the sandbox knows, a Magento knows alike, scope by scope."""

import pytest

from sandbox.structure import FIELDS
from tests.contract.client import SITE, VIEW, Shop

SCOPES = [("default", None), ("websites", SITE), ("stores", VIEW)]


@pytest.mark.parametrize(("scope", "code"), SCOPES, ids=[scope for scope, _ in SCOPES])
def test_a_setting_is_known_where_the_sandbox_knows_it(
    shop: Shop, scope: str, code: str | None
) -> None:
    place = {"scope": scope, "scope_code": code} if code else {}
    answers = shop.query(*({"path": path, **place} for path in FIELDS))
    unlike = []
    for (path, field), answer in zip(FIELDS.items(), answers, strict=True):
        known = scope in field.scopes
        if (answer["status"] == "ok") != known:
            unlike.append(f"{path}: {answer['status']} {answer.get('message', '')}")
        elif known and answer["sensitive"] != field.sensitive:
            unlike.append(f"{path}: sensitive {answer['sensitive']}")
    assert not unlike, "\n".join(unlike)


def test_options_are_the_same_everywhere(shop: Shop) -> None:
    listed = {path: field for path, field in FIELDS.items() if any(field.options)}
    answers = shop.query(*({"path": path} for path in listed))
    unlike = [
        f"{path}: {answer.get('options')} instead of {field.options}"
        for (path, field), answer in zip(listed.items(), answers, strict=True)
        if set(answer.get("options", ())) != set(filter(None, field.options))
    ]
    assert not unlike, "\n".join(unlike)
