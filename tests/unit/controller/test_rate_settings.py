"""The settings of exchange rates: what is missing is said before anything starts."""

import pytest
from pydantic import ValidationError

from controller.settings import RateSettings, Settings


@pytest.mark.parametrize(
    "given",
    [
        {"source": "file"},
        {"source": "openexchangerates"},
        {"source": "my-bank"},
        {"every_seconds": 0},
        {"max_move_percent": 0},
        {"concurrency": 0},
        {"max_age_days": -1},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RateSettings.model_validate(given)


def test_a_key_is_shown_in_no_error_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORECTL_RATES__APP_ID", "the-key")
    monkeypatch.setenv("STORECTL_RATES__SOURCE", "openexchangerates")
    assert "the-key" not in repr(Settings())
    monkeypatch.setenv("STORECTL_RATES__SOURCE", "nobody")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "the-key" not in str(refused.value)
