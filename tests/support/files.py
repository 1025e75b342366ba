"""File calls that fail when they are told to, and know which descriptors are still open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from opencode_stats.host.files import OWN_FILE_MODE, OWN_FOLDER_MODE, Files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLS: Final = ("open", "write", "fsync", "close", "replace", "unlink")


class Killed(BaseException):
    """The process was killed here: nothing after this call happens, not even tidying up."""


class FaultyFiles(Files):
    """Every call is counted; ``fault`` is asked before each and may raise.

    A call that fails has no effect, but for close, which gives its descriptor back all the same (close(2)). Writing
    takes ``most_bytes`` at a time.
    """

    def __init__(self, fault: Callable[[int, str, Path | None], None], most_bytes: int = 2**31) -> None:
        self._fault = fault
        self._most_bytes = most_bytes
        self.calls: list[str] = []
        self.descriptors: dict[int, Path] = {}

    def open(self, path: Path, flags: int, mode: int = OWN_FILE_MODE) -> int:
        self._call("open", path)
        descriptor = super().open(path, flags, mode)
        self.descriptors[descriptor] = path
        return descriptor

    def write(self, descriptor: int, content: memoryview) -> int:
        self._call("write", self.descriptors.get(descriptor))
        return super().write(descriptor, content[: self._most_bytes])

    def read(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        self._call("read", self.descriptors.get(descriptor))
        return super().read(descriptor, length_bytes, offset_bytes)

    def fsync(self, descriptor: int) -> None:
        self._call("fsync", self.descriptors.get(descriptor))
        super().fsync(descriptor)

    def close(self, descriptor: int) -> None:
        path = self.descriptors.pop(descriptor)
        super().close(descriptor)
        self._call("close", path)

    def replace(self, source: Path, target: Path) -> None:
        self._call("replace", target)
        super().replace(source, target)

    def unlink(self, path: Path) -> None:
        self._call("unlink", path)
        super().unlink(path)

    def mkdir(self, path: Path, mode: int = OWN_FOLDER_MODE) -> None:
        self._call("mkdir", path)
        super().mkdir(path, mode)

    def names(self, folder: Path) -> list[str]:
        self._call("names", folder)
        return super().names(folder)

    def lstat(self, path: Path) -> os.stat_result:
        self._call("lstat", path)
        return super().lstat(path)

    def fstat(self, descriptor: int) -> os.stat_result:
        self._call("fstat", self.descriptors.get(descriptor))
        return super().fstat(descriptor)

    def _call(self, name: str, path: Path | None) -> None:
        self.calls.append(name)
        self._fault(len(self.calls), name, path)


def no_fault(number: int, name: str, path: Path | None) -> None:
    """Every call works."""


def fault_at(number: int, code: int) -> Callable[[int, str, Path | None], None]:
    """Only this call fails, with this errno."""

    def fault(at: int, name: str, path: Path | None) -> None:
        if at == number:
            raise OSError(code, os.strerror(code), str(path))

    return fault


def fault_from(number: int, code: int) -> Callable[[int, str, Path | None], None]:
    """This call and every later one fail."""

    def fault(at: int, name: str, path: Path | None) -> None:
        if at >= number:
            raise OSError(code, os.strerror(code), str(path))

    return fault


def killed_at(number: int) -> Callable[[int, str, Path | None], None]:
    """The process dies before this call."""

    def fault(at: int, name: str, path: Path | None) -> None:
        if at >= number:
            raise Killed

    return fault


def fault_for(file_name: str, call: str, code: int) -> Callable[[int, str, Path | None], None]:
    """This call fails for files of this name, whoever asks; as root no mode bits would do it."""

    def fault(at: int, name: str, path: Path | None) -> None:
        if name == call and path is not None and path.name == file_name:
            raise OSError(code, os.strerror(code), str(path))

    return fault
