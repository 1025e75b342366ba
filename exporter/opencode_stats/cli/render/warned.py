"""What an exporter warns of, for who typed a command: a sentence for each code of its log. Pure.

The log keeps ``code key=value`` for programs; the values stand here in the order in which they stand there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

SENTENCES: Final = {
    "backup.failed": "The daily backup could not be made: {0}. The next call tries again.",
    "backup.no_room": "There is no room for the daily backup in {0}.",
    "detail.forgotten_for_the_first_time": "The detail of what is older than {0} days is forgotten, as keep_days says.",
    "ledger.damaged": "The ledger is damaged: {0}",
    "ledger.made_again": "The ledger was made again; the damaged one is kept as {0}.",
    "ledger.no_backup": "No backup could be made before step {0} of the ledger: {1}. The step is whole or not at all.",
    "ledger.recovered": "What could be had again of the damaged ledger is there; opencode-stats doctor tells more.",
    "ledger.suspected": "Something seems to be wrong with the ledger, so it is looked at once more: {0}",
    "ledger.unreadable": "The ledger could not be read: {0}. It is opened anew.",
    "ledger.unrecorded": "It could not be noted that the ledger is sound: {0}. The next call looks at all of it.",
    "lock.unsigned": "Our pid could not be written into the lock {0}: {1}. It is held all the same.",
    "losses.unremovable": "The file {0}, in which a plugin told of lost lines, can't be removed: {1}.",
    "settings.unknown": "The settings say something that is not known, and is left alone: {0}",
    "spool.unfinished": "The spool file {0} of an OpenCode that has ended stays: {1}. The next call tries again.",
    "spool.unreadable": "The spool file {0} can't be read: {1}. What is in it is counted when it can be.",
    "spool.unremovable": "The spool file {0} is counted, and can't be removed: {1}.",
    "spool.untrimmed": "Old spool files can't be removed: {0}.",
    "workspaces.unwritten": "The files of the workspaces can't be written: {0}",
}
"""Code → sentence. Of everything that a command's own exporter may warn of; what only a daemon says is in its log."""
TOLD_ELSEWHERE: Final = frozenset({"settings.wrong"})
"""The commands that use the settings tell of a wrong file themselves."""


def sentence_of(record: logging.LogRecord) -> str:
    """The record for people; empty where it is told elsewhere."""
    code = str(record.msg).partition(" ")[0]
    if code in TOLD_ELSEWHERE:
        return ""
    values = record.args if isinstance(record.args, tuple) else ()
    sentence = SENTENCES.get(code)
    return record.getMessage() if sentence is None else sentence.format(*values)
