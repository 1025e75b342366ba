"""Where an export goes: a file that appears when it is whole, or standard output."""

from __future__ import annotations

import io
import os
import secrets
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Final, cast

from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from opencode_stats.cli.render.export import Row

_PART: Final = ".part"
_LEFT_S: Final = 24 * 60 * 60
"""What nobody has written to for a day is of an export that was killed."""


class Sink:
    """Where the rows go; ``text`` is UTF-8 whatever the locale says, ``seen`` whether it is a terminal."""

    def __init__(self, raw: IO[bytes], *, repeats: bool) -> None:
        self._raw = raw
        self._repeats = repeats
        self.seen: Final = raw.isatty()
        self.text: TextIO = io.TextIOWrapper(cast("Any", raw), encoding="utf-8", newline="", write_through=False)

    def again(self) -> None:
        """Takes back what was written so far.

        Raises:
            UserError: it is gone.
        """
        if not self._repeats:
            raise UserError(
                "An exporter started while the rows were written, so they are of no one moment. Throw them away and "
                "call it once more."
            )
        self.text.flush()
        self._raw.seek(0)
        self._raw.truncate()

    def shown(self, rows: Iterator[Row], texts: int) -> Iterator[Row]:
        """The rows, made safe where a terminal is to show them."""
        from opencode_stats.cli.render.export import visible  # noqa: PLC0415

        return visible(rows, texts) if self.seen else rows

    def close(self) -> None:
        """Writes what is left; the stream below stays open."""
        self.text.flush()
        self.leave()

    def leave(self) -> None:
        """Lets go of the stream below, which would else be closed with this."""
        with suppress(OSError, ValueError):
            # What can't be written was told before.
            cast("io.TextIOWrapper", self.text).detach()


@contextmanager
def sink(output: str) -> Iterator[Sink]:
    """Where the rows go: a FILE that appears when it is whole, standard output for ``-``.

    Raises:
        UserError: it can't be written.
    """
    if output == "-":
        with _over(sys.stdout.buffer, repeats=False) as out:
            yield out
    elif os.path.exists(output) and not os.path.isfile(output):
        # A pipe, a device: what went there can't be taken back.
        with _told(output), open(output, "wb") as special, _over(special, repeats=False) as out:
            yield out
    else:
        beside = f"{output}.{secrets.token_hex(4)}{_PART}"
        with _told(output):
            _sweep(output)
            descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with open(descriptor, "wb") as file, _over(file, repeats=True) as out:
                    yield out
                    # The rest of it, before its name says that it is whole: a power cut would leave an empty file.
                    out.text.flush()
                    os.fsync(descriptor)
                os.replace(beside, output)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(beside)
                raise


@contextmanager
def _over(raw: IO[bytes], *, repeats: bool) -> Iterator[Sink]:
    sink = Sink(raw, repeats=repeats)
    try:
        yield sink
        sink.close()
    finally:
        sink.leave()


@contextmanager
def _told(output: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{output} can't be written: {error.strerror or error}.") from error


def _sweep(output: str) -> None:
    """Removes what exports of this file left that were killed, which in a synchronised folder would go everywhere."""
    from opencode_stats.host.clock import SystemClock  # noqa: PLC0415 - printing a help text must not pay for zones

    folder, name = os.path.split(output)
    now_ms = SystemClock().now_ms()
    with suppress(OSError), os.scandir(folder or os.curdir) as entries:
        # What can't be looked at or removed harms nobody.
        for entry in entries:
            ours = entry.name.startswith(f"{name}.") and entry.name.endswith(_PART)
            if ours and now_ms / 1000 - entry.stat(follow_symlinks=False).st_mtime > _LEFT_S:
                os.unlink(entry.path)
