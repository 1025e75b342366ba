"""Every example in the documents is run, or stands in ``not_run.py`` with the reason why not."""

from __future__ import annotations

import ast
import json
import subprocess
import tomllib
from typing import TYPE_CHECKING, Final

import pytest
from tests.docs.blocks import Block, blocks_in, blocks_of, pages
from tests.docs.not_run import NOT_RUN
from tests.docs.reader import console_steps, matches, settled

if TYPE_CHECKING:
    from pathlib import Path

SHELL: Final = {"sh", "bash", "shell"}
SHOWN: Final = "console"
HOW: Final = (
    "Every ```sh block is run with `sh -e` in a scratch home with figures, and every command of a ```console block "
    "must print what the page shows (… stands for anything). If this one can't be run, put it into "
    "tests/docs/not_run.py with the reason."
)


def commands_of(page: str) -> list[Block]:
    return [
        block
        for block in blocks_of(page)
        if block.language in SHELL | {SHOWN} and (block.page, block.first) not in NOT_RUN
    ]


@pytest.mark.processes
@pytest.mark.parametrize("page", [page for page in pages() if commands_of(page)])
def test_the_examples_of_a_page_work_when_they_are_copied_in_their_order(tmp_path: Path, page: str) -> None:
    reader = settled(tmp_path)

    for block in commands_of(page):
        if block.language == SHOWN:
            different = reader.show(block.text)
            assert different is None, f"{block.place}: {different}\n{HOW}"
        else:
            said = reader.run(block.text)
            assert said.code == 0, f"{block.place}: exit {said.code}\n{block.text}---\n{said.output}\n{HOW}"


def test_nothing_is_left_out_without_a_reason_or_for_no_reason() -> None:
    there = {(block.page, block.first) for page in pages() for block in blocks_of(page)}

    assert NOT_RUN.keys() - there == set(), "in tests/docs/not_run.py, but in no page any more"
    assert [key for key, reason in NOT_RUN.items() if len(reason.split()) < 3] == []


@pytest.mark.processes
@pytest.mark.parametrize("page", pages())
def test_what_is_not_run_is_at_least_well_formed(page: str) -> None:
    for block in blocks_of(page):
        assert block.language, f"{block.place}: say after the fence what it is: sh, console, json, text, …"
        assert block.language == SHOWN or not block.text.startswith("$ "), f"{block.place}: a session is ```console"
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "python":
            ast.parse(block.text)
        elif block.language in SHELL:
            checked = subprocess.run(["/bin/sh", "-n"], input=block.text, capture_output=True, text=True, check=False)
            assert checked.returncode == 0, f"{block.place}: {checked.stderr}"


def test_a_console_block_is_taken_apart_and_held() -> None:
    block = "$ cd x\n$ echo a \\\n> b\na b\n  c\n"

    assert console_steps(block) == [("cd x", ""), ("echo a \\\nb", "a b\n  c\n")]
    assert matches("a … c\n…\nend\n", "a b b c\n1\n2\nend\n")
    assert matches("…\n", "")
    assert not matches("a\n", "a\nb\n")
    assert not matches("a…\n", "b\n")
    with pytest.raises(ValueError, match="begins with a command"):
        console_steps("no prompt\n")


@pytest.mark.processes
def test_a_block_that_fails_or_prints_something_else_is_found(tmp_path: Path) -> None:
    reader = settled(tmp_path)

    assert reader.run("false\ntrue\n").code == 1
    assert reader.run("test -f nowhere | cat\n").code == 0
    assert reader.show("$ x=1\n$ echo $x\n1\n") is None
    assert "it printed (exit 0)\n1" in (reader.show("$ x=1\n$ echo $x\n2\n") or "")
    assert "did not end" in (reader.show("$ exit 3\n$ echo 1\n1\n") or "")


def test_fences_are_found_in_lists_and_must_be_closed() -> None:
    assert blocks_in("p.md", "- x\n  ```sh\n  ls\n    -l\n  ```\n") == [Block("p.md", 2, "sh", "ls\n  -l\n")]
    with pytest.raises(ValueError, match=r"p\.md:3"):
        blocks_in("p.md", "a\n\n```sh\nls\n")
