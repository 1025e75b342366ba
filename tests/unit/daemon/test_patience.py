from __future__ import annotations

import errno
import sqlite3

import pytest

from opencode_stats.daemon.patience import made_in_the_end
from opencode_stats.errors import LedgerCorrupt, LedgerError, LedgerNewer


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
