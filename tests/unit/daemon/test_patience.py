from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from opencode_stats.daemon.patience import PAUSE_S, TRIES, locked_in_the_end, made_in_the_end
from opencode_stats.errors import LedgerCorrupt, LedgerError, LedgerNewer, LockHeld

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lock:
    """A lock that others hold for so many tries."""

    def __init__(self, held_for: int) -> None:
        self.held_for = held_for
        self.is_ours = False

    @contextmanager
    def take(self) -> Iterator[None]:
        if self.held_for:
            self.held_for -= 1
            raise LockHeld("Another one is at work.", 7)
        self.is_ours = True
        yield
        self.is_ours = False


def failing(error: Exception, cause: Exception | None, times: int) -> list[tuple[Exception, Exception | None]]:
    return [(error, cause)] * times


@pytest.mark.parametrize(
    "cause", [sqlite3.OperationalError("disk I/O error"), OSError(errno.ENOSPC, "No space left on device")]
)
def test_it_waits_longer_and_longer_for_the_disk(cause: Exception) -> None:
    left, slept_s = failing(LedgerError("can't be used"), cause, 7), list[float]()

    def make() -> str:
        if left:
            error, why = left.pop()
            raise error from why
        return "made"

    assert made_in_the_end(make, slept_s.append) == "made"
    assert slept_s == [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (LedgerNewer("newer"), None),
        (LedgerCorrupt("damaged"), sqlite3.DatabaseError("malformed")),
        (LedgerError("it can't be made again"), None),
        (LedgerError("it can't be made again"), OSError(errno.EISDIR, "Is a directory")),
    ],
)
def test_what_no_waiting_mends_is_said_at_once(error: LedgerError, cause: Exception | None) -> None:
    def make() -> str:
        raise error from cause

    with pytest.raises(type(error)):
        made_in_the_end(make, lambda _: pytest.fail("it waits"))


def test_a_command_that_is_at_work_is_waited_for() -> None:
    lock, slept_s = Lock(held_for=5), list[float]()

    with locked_in_the_end(lock.take, lambda: False, slept_s.append):
        assert lock.is_ours

    assert not lock.is_ours
    assert slept_s == [PAUSE_S] * 5


def test_a_daemon_is_not_waited_for_also_one_that_comes_meanwhile() -> None:
    lock, slept_s = Lock(held_for=TRIES), list[float]()

    with pytest.raises(LockHeld), locked_in_the_end(lock.take, lambda: len(slept_s) == 2, slept_s.append):
        pytest.fail("it is not ours")

    assert slept_s == [PAUSE_S] * 2


def test_nobody_is_waited_for_for_ever() -> None:
    lock, slept_s = Lock(held_for=TRIES), list[float]()

    with pytest.raises(LockHeld), locked_in_the_end(lock.take, lambda: False, slept_s.append):
        pytest.fail("it is not ours")

    assert (len(slept_s), lock.held_for) == (TRIES - 1, 0)


def test_what_fails_under_the_lock_is_no_reason_to_take_it_again() -> None:
    lock = Lock(held_for=0)

    with pytest.raises(LockHeld), locked_in_the_end(lock.take, lambda: False, lambda _: pytest.fail("it waits")):
        raise LockHeld("Something else is held.", 8)
