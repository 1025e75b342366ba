from __future__ import annotations

import logging

import pytest

from opencode_stats.host.logs import log_to_stderr, warnings_on_stderr


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


def test_a_name_makes_no_second_line_and_tells_a_terminal_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ours = logging.getLogger("opencode_stats")
    before = ours.handlers, ours.level
    try:
        log_to_stderr(verbose=False)
        ours.warning("a.b file=%s", "x\nINFO forged\x1b]52;c;aGk=\x07\x9b2J\u202e\u2028ü")
    finally:
        ours.handlers, ours.level = before

    said = capsys.readouterr().err
    assert said == r"WARNING a.b file=x\u000aINFO forged\u001b]52;c;aGk=\u0007\u009b2J\u202e\u2028ü" + "\n"


def in_words(record: logging.LogRecord) -> str:
    return "" if str(record.msg).startswith("settings.wrong") else f"In words: {record.args[0]}"  # type: ignore[index]


def test_a_command_warns_in_its_own_name_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    ours = logging.getLogger("opencode_stats")
    before = ours.handlers, ours.level
    try:
        ours.handlers = []
        with warnings_on_stderr(in_words), warnings_on_stderr(in_words):
            ours.warning("spool.unreadable file=%s", "x\x1b[2J")
            ours.warning("settings.wrong %s", "told by the command")
            ours.info("round.done")
        left = ours.handlers
    finally:
        ours.handlers, ours.level = before

    assert left == []
    assert capsys.readouterr() == ("", "opencode-stats: In words: x\\u001b[2J\n")


def test_a_daemon_s_log_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    ours = logging.getLogger("opencode_stats")
    before = ours.handlers, ours.level
    try:
        log_to_stderr(verbose=False)
        with warnings_on_stderr(in_words):
            ours.warning("settings.wrong %s", "line 1")
    finally:
        ours.handlers, ours.level = before

    assert capsys.readouterr().err == "WARNING settings.wrong line 1\n"
