"""Archives that are the same bytes for the same content: names in order, one time, nobody's name, no compression's."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_MODE: Final = 0o644
_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can hold."""
_PLAIN_FILE: Final = 0o100000


def tar_gz(files: Mapping[str, bytes], epoch_s: int) -> bytes:
    """A compressed tar archive of plain files, each by its name in there."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), FILE_MODE, epoch_s
            archive.addfile(entry, io.BytesIO(content))
    return gz(packed.getvalue())


def gz(content: bytes) -> bytes:
    """Compressed, with neither name nor time in it."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of plain files, each by its name in there; nothing in it is compressed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _FIRST_DATE)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = (_PLAIN_FILE | FILE_MODE) << 16
            archive.writestr(entry, content)
    return packed.getvalue()
