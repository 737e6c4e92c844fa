"""What `llt emulate` does not let its libraries log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from cli.emulate.command import emulate
from shared.errors import SettingError

pytestmark = pytest.mark.hermetic

TALKATIVE = [logging.getLogger(name) for name in ("hpack", "hpack.hpack", "h2")]


@pytest.fixture
def everything_logged() -> Iterator[None]:
    loggers = [logging.getLogger(), *TALKATIVE]
    levels = [logger.level for logger in loggers]
    logging.getLogger().setLevel(logging.DEBUG)
    for logger in TALKATIVE:
        logger.setLevel(logging.NOTSET)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("everything_logged")
def test_headers_are_not_logged_even_where_everything_is() -> None:
    assert all(logger.isEnabledFor(logging.DEBUG) for logger in TALKATIVE)
    with pytest.raises(SettingError):
        emulate([], recogniser="aws", translator="scripted", synthesizer="scripted", ca_folder=None)
    assert not any(logger.isEnabledFor(logging.INFO) for logger in TALKATIVE)
    assert all(logger.isEnabledFor(logging.WARNING) for logger in TALKATIVE)
