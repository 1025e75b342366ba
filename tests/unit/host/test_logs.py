from __future__ import annotations

import logging

import pytest

from opencode_stats.host.logs import log_to_stderr


@pytest.mark.parametrize(("verbose", "expected"), [(False, "INFO a.b c=1\n"), (True, "DEBUG quiet\nINFO a.b c=1\n")])
def test_the_log_goes_to_stderr_and_only_there(
    verbose: bool, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = logging.getLogger("opencode_stats")
    before = ours.handlers, ours.level
    try:
        log_to_stderr(verbose=verbose)
        logging.getLogger("opencode_stats.core").debug("quiet")
        logging.getLogger("opencode_stats.core").info("a.b c=%d", 1)
    finally:
        ours.handlers, ours.level = before

    assert capsys.readouterr() == ("", expected)
