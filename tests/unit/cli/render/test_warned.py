"""What people are warned of is a sentence: for every code that a command's own exporter may log there is one."""

from __future__ import annotations

import ast
import logging
import re
import string
from functools import cache
from pathlib import Path

import pytest

from opencode_stats.cli.render.warned import SENTENCES, TOLD_ELSEWHERE, sentence_of

PACKAGE = Path(__file__).parents[4] / "exporter" / "opencode_stats"
DAEMONS_ALONE = {
    "daemon/loop.py", "daemon/patience.py", "daemon/watcher.py", "desktop/herald.py", "desktop/hook.py",
    "desktop/outlets.py",
}  # fmt: skip
"""What they say is said of a process that stays."""
LOUD = {"warning", "error", "critical", "exception"}


@cache
def logged() -> dict[str, set[int]]:
    """Each code that is logged loudly enough for people → with how many values."""
    found: dict[str, set[int]] = {}
    for path in PACKAGE.rglob("*.py"):
        if str(path.relative_to(PACKAGE)) in DAEMONS_ALONE:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOUD):
                continue
            first = node.args[0] if node.args else None
            # Any other object may have a method of that name; a record begins with its code.
            if isinstance(first, ast.Constant) and re.match(r"[a-z_]+\.[a-z_]+( |$)", str(first.value)):
                found.setdefault(str(first.value).partition(" ")[0], set()).add(len(node.args) - 1)
    return found


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    assert set(logged()) == set(SENTENCES) | TOLD_ELSEWHERE


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_is_one_and_uses_no_value_that_is_not_logged(code: str) -> None:
    sentence = SENTENCES[code]
    used = {int(name) for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}

    assert used <= set(range(min(logged()[code])))
    assert sentence[0].isupper()
    assert sentence.endswith((".", ": {0}"))
    assert "=" not in sentence
    assert code not in sentence


def record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("opencode_stats.x", logging.WARNING, __file__, 1, message, values, None)


def test_the_code_stays_in_the_log() -> None:
    warned = record("spool.unreadable file=%s error=%s", "1-2-3.jsonl", "Permission denied")

    assert sentence_of(warned) == (
        "The spool file 1-2-3.jsonl can't be read: Permission denied. What is in it is counted when it can be."
    )
    assert warned.getMessage() == "spool.unreadable file=1-2-3.jsonl error=Permission denied"


def test_what_is_told_elsewhere_and_what_nobody_thought_of() -> None:
    assert sentence_of(record("settings.wrong %s", "line 1")) == ""
    assert sentence_of(record("new.thing a=%d", 1)) == "new.thing a=1"
