"""The settings as an exporter follows them: looked at before every publishing, and never worse than they were."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

from opencode_stats.errors import UserError
from opencode_stats.host.files import FILES
from opencode_stats.publish.atomic_file import replace_file
from opencode_stats.settings.keys import Settings
from opencode_stats.settings.reading import Found, read_settings, sentence_of, text_of, understand

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

logger = logging.getLogger(__name__)


class LiveSettings:
    """Follows the file. While it is wrong the last good settings stay, also over a restart: a copy of them is kept.

    ``now`` are the settings, ``trouble`` is what is wrong with the file, as a sentence, or empty.
    """

    def __init__(
        self, file: Path | None, kept: Path | None, files: Files = FILES, start: Settings | None = None
    ) -> None:
        self._file = file
        self._kept = kept
        self._files = files
        self._seen: tuple[int, ...] | None = None
        self._unknown = ""
        self.now = Settings() if start is None else start
        self.trouble = ""

    def look(self) -> Settings:
        """The settings of this moment: the file is read where it is another one than at the last look."""
        if self._file is None:
            return self.now
        state = _state(self._file)
        if state == self._seen:
            return self.now
        first, self._seen = self._seen is None, state
        before = self.trouble
        text, found, self.trouble = _read(self._file)
        if self.trouble:
            if first:
                self.now = last_good(self._kept)
            if before != self.trouble:
                logger.warning("settings.wrong %s", self.trouble)
            return self.now
        unknown = "; ".join(str(one) for one in found.unknown)
        if unknown and unknown != self._unknown:
            logger.warning("settings.unknown %s", unknown)
        self._unknown = unknown
        if not first and found.settings != self.now:
            logger.info("settings.changed")
        self.now = found.settings
        self._keep(text)
        return self.now

    def _keep(self, text: str) -> None:
        if self._kept is None:
            return
        # Without a copy the defaults would be taken after a restart with a wrong file: no reason not to work.
        with contextlib.suppress(OSError):
            if not text:
                self._files.unlink(self._kept)
            elif not self._kept.is_file() or self._kept.read_text("utf-8", "replace") != text:
                replace_file(self._files, self._kept, text.encode(), self._kept.parent)


def last_good(kept: Path | None) -> Settings:
    """The settings that an exporter last worked with; the defaults where none has kept any."""
    try:
        return Settings() if kept is None else read_settings(kept)
    except UserError:
        # Of another version, whose rules were others.
        return Settings()


def for_reader(file: Path, kept: Path) -> tuple[Settings, str]:
    """The settings for who only reads, and what is wrong with the file, as a sentence, or an empty text.

    Of a wrong file the last good ones are taken, as the exporter does, so that both mean the same day.
    """
    try:
        return read_settings(file), ""
    except UserError as error:
        return last_good(kept), f"{error} Until it is mended, what was set before holds."


def _read(file: Path) -> tuple[str, Found, str]:
    """What is in the file, what it says, and what is wrong with it."""
    try:
        text = text_of(file)
    except UserError as error:
        return "", Found(), str(error)
    found = understand(text)
    return text, found, sentence_of(file, found.faults) if found.faults else ""


def _state(file: Path) -> tuple[int, ...]:
    """What changes with the file; of a link with what it leads to. Empty where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
