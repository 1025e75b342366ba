"""Starting where the disk is full or out of order: whoever starts a daemon may have given up by the time it is well."""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from opencode_stats.daemon.rest import back_off_s
from opencode_stats.errors import LedgerError
from opencode_stats.ledger.connection import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

PASSING: Final = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
})  # fmt: skip
"""What a disk, or a machine at its limits, may get over by itself; what stands in the way stays there."""


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
