"""Starting where the disk is out of order or a command is at work: whoever starts a daemon may not do it again soon."""

from __future__ import annotations

import errno
import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from opencode_stats.daemon.rest import back_off_s
from opencode_stats.errors import LedgerError, LockHeld
from opencode_stats.ledger.connection import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

PASSING: Final = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
})  # fmt: skip
"""What a disk, or a machine at its limits, may get over by itself; what stands in the way stays there."""

PAUSE_S: Final = 0.5
TRIES: Final = 600
"""Of half a second each, besides what each try takes: more than any history takes that a command takes in."""


@contextmanager
def locked_in_the_end(
    lock: Callable[[], AbstractContextManager[None]], is_daemon: Callable[[], bool], sleep: Callable[[float], None]
) -> Iterator[None]:
    """Holds what ``lock`` gives for the block, once a command that holds it is done; a daemon is not waited for.

    ``is_daemon`` says whether a daemon listens, which a command never does.

    Raises:
        LockHeld: a daemon is at work, or somebody who has not been done for minutes.
        UserError: the lock can't be taken at all.
    """
    with ExitStack() as held:
        for left in reversed(range(TRIES)):
            try:
                held.enter_context(lock())
                break
            except LockHeld as error:
                if not left or is_daemon():
                    raise
                if left == TRIES - 1:
                    logger.info("start.waits holder_pid=%s", error.holder_pid)
            sleep(PAUSE_S)
        yield


def made_in_the_end(make: Callable[[], Made], sleep: Callable[[float], None]) -> Made:
    """What ``make`` gives, however often the disk keeps the ledger from being opened until then.

    Raises:
        LedgerError: the ledger can't be used for another reason, which no waiting mends.
    """
    failures = 0
    while True:
        try:
            return make()
        except LedgerError as error:
            if not _may_pass(error.__cause__):
                raise
            failures += 1
            logger.warning("start.failed error=%s retry_s=%s", error, back_off_s(failures))
        sleep(back_off_s(failures))


def _may_pass(cause: BaseException | None) -> bool:
    return isinstance(cause, LedgerUnavailable) or (isinstance(cause, OSError) and cause.errno in PASSING)
