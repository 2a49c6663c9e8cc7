"""What a person who watches the output of `make up` must never read there."""

import pytest
import structlog

from controller import logging


@pytest.mark.parametrize("json", [True, False], ids=["lines", "console"])
def test_a_traceback_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], json: bool
) -> None:
    before = structlog.get_config()
    logging.configure("INFO", json=json)
    try:
        access_token = "canary-" + "secret"
        try:
            int("it broke")
        except ValueError:
            structlog.get_logger().exception("step_broke", access_token=access_token)
    finally:
        structlog.configure(**before)
    printed = capsys.readouterr().err
    assert "it broke" in printed
    assert "Traceback" in printed
    assert "canary-secret" not in printed
