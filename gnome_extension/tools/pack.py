"""Packs the extension into the zip that ``gnome-extensions install`` takes.

Only Python's own library is needed, neither GNOME nor gettext. The same files always give the same bytes: names in
order, one fixed date, nothing compressed. ``gnome-extensions install`` compiles the settings' schema itself.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOURCE: Final = Path(__file__).resolve().parents[1]
SHIPPED: Final = (
    "LICENSE",
    "metadata.json",
    "*.css",
    "extension.js",
    "prefs.js",
    "lib/*.js",
    "shell/*.js",
    "prefs/*.js",
    "icons/*.svg",
    "schemas/*.gschema.xml",
)
DATE: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
FILE_MODE: Final = 0o100644
MO_MAGIC: Final = 0x950412DE
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class BadTranslation(ValueError):
    """A translation's file that is not as gettext has it."""


def pack(target: Path) -> Path:
    """Writes the zip into the folder ``target`` and gives its path."""
    metadata = json.loads((SOURCE / "metadata.json").read_text("utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{metadata['uuid']}.shell-extension.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(contents(metadata["gettext-domain"])):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, content)
    return path


def contents(domain: str) -> Iterator[tuple[str, bytes]]:
    """Every file of the zip: its name there, and its content."""
    for pattern in SHIPPED:
        for file in SOURCE.glob(pattern):
            yield file.relative_to(SOURCE).as_posix(), file.read_bytes()
    for language in (SOURCE / "po" / "LINGUAS").read_text("utf-8").split():
        messages = read_po((SOURCE / "po" / f"{language}.po").read_text("utf-8"))
        yield f"locale/{language}/LC_MESSAGES/{domain}.mo", mo(messages)


def read_po(text: str) -> dict[str, str]:
    """What a .po file translates, as a .mo file has it: a plural's forms are one text, with NUL between them.

    Raises:
        BadTranslation: a line is none that such a file has, or a text is marked as fuzzy.
    """
    messages: dict[str, str] = {}
    for entry in text.replace("\r\n", "\n").split("\n\n"):
        parts: list[list[str]] = []
        for line in entry.splitlines():
            if line.startswith("#, ") and "fuzzy" in line:
                raise BadTranslation(f"not finished: {entry}")
            if line.startswith("#") or not line.strip():
                continue
            keyword, quote, rest = line.partition('"')
            if not quote or not rest.endswith('"'):
                raise BadTranslation(f"not a line of a translation: {line}")
            if keyword:
                parts.append([keyword.strip(), ""])
            if not parts:
                raise BadTranslation(f"a text without a keyword: {line}")
            parts[-1][1] += _unescaped(rest[:-1])
        originals = [value for keyword, value in parts if keyword in ("msgid", "msgid_plural")]
        translations = [value for keyword, value in parts if keyword.startswith("msgstr")]
        if originals:
            messages["\0".join(originals)] = "\0".join(translations)
    return messages


def mo(messages: Mapping[str, str]) -> bytes:
    """The messages as a .mo file.

    Source: GNU gettext manual, "The Format of GNU MO Files".
    """
    pairs = sorted((original.encode(), translation.encode()) for original, translation in messages.items())
    header_bytes, entry_bytes = 28, 8
    start = header_bytes + 2 * entry_bytes * len(pairs)
    tables = [b"", b""]
    texts = b""
    for column in range(2):
        for pair in pairs:
            tables[column] += struct.pack("<II", len(pair[column]), start + len(texts))
            texts += pair[column] + b"\0"
    translations_at = header_bytes + entry_bytes * len(pairs)
    header = struct.pack("<7I", MO_MAGIC, 0, len(pairs), header_bytes, translations_at, 0, start)
    return header + tables[0] + tables[1] + texts


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda escape: _ESCAPES[escape[1]], text)


if __name__ == "__main__":
    print(pack(Path(sys.argv[1])))  # noqa: T201 - what a build prints is where its result is
