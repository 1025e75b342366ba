"""Changing the file: what is set is set, and everything else stays as it was."""

from __future__ import annotations

import os
import stat
import threading
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.errors import UserError
from opencode_stats.settings.editing import change_file, key_named, toml_of, typed_value, with_value, without
from opencode_stats.settings.keys import KEYS

if TYPE_CHECKING:
    from pathlib import Path

MINE = """\
# mine
linger_s = 5   # short

   # about days
day_start_hour=3
other = 'kept'

[table] # of somebody
linger_s = "not ours"
"""


def test_a_value_is_replaced_and_its_comment_stays() -> None:
    assert with_value(MINE, "linger_s", 60) == MINE.replace("= 5 ", "= 60 ")


def test_a_new_value_comes_before_the_tables() -> None:
    changed = with_value(MINE, "autostart", value=True)

    assert tomllib.loads(changed) == {**tomllib.loads(MINE), "autostart": True}
    assert [line for line in changed.splitlines() if line != "autostart = true"] == MINE.splitlines()


def test_taking_one_out() -> None:
    assert without(MINE, "day_start_hour") == MINE.replace("day_start_hour=3\n", "")
    assert without(MINE, "autostart") == MINE


def test_an_empty_file() -> None:
    assert with_value("", "linger_s", 1) == "linger_s = 1\n"
    assert with_value("# a word", "linger_s", 1) == "# a word\nlinger_s = 1\n"


LINES = st.sampled_from(
    [
        "# a comment",
        "",
        "  ",
        "linger_s = 5 # five",
        "day_start_hour=3",
        "x.y = 1",
        'z = """\nlinger_s = 1\n"""',
        "q = [ # a\n1,\n]",
    ]
)
TABLES = st.sampled_from(["[t]", "[[m]]\na = 1", "[t.u]\nlinger_s = 2 # c"])


@given(st.lists(LINES, unique=True), st.lists(TABLES, unique=True), st.sampled_from(["linger_s", "autostart"]))
def test_any_file_keeps_all_of_its_other_lines(top: list[str], tables: list[str], name: str) -> None:
    text = "".join(f"{part}\n" for part in (*top, *tables))
    before = tomllib.loads(text)

    changed = with_value(text, name, 77)

    assert tomllib.loads(changed) == {**before, name: 77}
    assert "".join(changed.split()).replace(f"{name}=77", "") == "".join(text.split()).replace(f"{name}=5", "")
    assert tomllib.loads(without(changed, name)) == {key: value for key, value in before.items() if key != name}


def test_a_nan_is_kept_as_it_is_told_so_that_its_own_fault_can_be() -> None:
    assert with_value("", "linger_s", float("nan")).strip() == "linger_s = nan"
    assert with_value("# a\nother = nan\n", "linger_s", 5) == "# a\nother = nan\nlinger_s = 5\n"


def test_what_is_not_toml_is_left_alone() -> None:
    with pytest.raises(UserError, match="not valid TOML"):
        with_value("= 1", "linger_s", 1)


@pytest.mark.parametrize(
    ("key", "typed", "value"), [("linger_s", "60", 60), ("autostart", "true", True), ("linger_s", " 7 # x", 7)]
)
def test_what_is_typed(key: str, typed: str, value: object) -> None:
    assert typed_value(KEYS[key], typed) == value


@pytest.mark.parametrize("typed", ["yes", "1\nlinger_s = 4", "'true'", "", "1 = 2"])
def test_what_can_not_be_typed(typed: str) -> None:
    with pytest.raises(UserError, match="autostart can't be set so"):
        typed_value(KEYS["autostart"], typed)


def test_an_unknown_key() -> None:
    with pytest.raises(UserError, match=r"no setting 'lingers'\. Did you mean linger_s\?"):
        key_named("lingers")


def test_values_on_one_line() -> None:
    values = {"a": [1, "x", {"b": True}], "c": {"d": 0.5}}

    assert "\n" not in toml_of(values)
    assert tomllib.loads(f"v = {toml_of(values)}")["v"] == values
    assert toml_of(()) == "[]"


def test_the_file_is_its_owners_alone_and_a_link_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "settings.toml", tmp_path / "config" / "settings.toml"
    real.parent.mkdir()
    link.parent.mkdir()
    real.write_text("# mine\n")
    link.symlink_to(real)

    change_file(link, lambda text: with_value(text, "linger_s", 1))

    assert link.is_symlink()
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == ("# mine\nlinger_s = 1\n", 0o600)
    assert os.listdir(real.parent) == ["settings.toml"]


def test_nothing_wrong_is_written(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("linger_s = -1\n")

    with pytest.raises(UserError, match="day_start_hour: it is 99"):
        change_file(file, lambda text: with_value(text, "day_start_hour", 99))

    assert file.read_text() == "linger_s = -1\n"
    # What was wrong before is no reason not to mend something else.
    change_file(file, lambda text: with_value(text, "day_start_hour", 9))
    change_file(file, lambda text: with_value(text, "linger_s", 9))
    assert file.read_text() == "linger_s = 9\nday_start_hour = 9\n"


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "new" / "settings.toml"
    together = threading.Barrier(2)

    def change(name: str) -> None:
        together.wait()
        for value in range(20):
            change_file(file, lambda text: with_value(text, name, value % 20))  # noqa: B023 - called at once

    threads = [threading.Thread(target=change, args=(name,)) for name in ("linger_s", "day_start_hour")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tomllib.loads(file.read_text()) == {"linger_s": 19, "day_start_hour": 19}


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="can't be written"):
        change_file(tmp_path / "file" / "settings.toml", lambda text: text)
