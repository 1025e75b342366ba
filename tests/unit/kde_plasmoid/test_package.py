"""The packed widget: whole, the same bytes each time, and what Plasma and our other parts rely on."""

from __future__ import annotations

import io
import json
import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Final

from opencode_stats import __version__
from release.plasmoid import plasmoid

ROOT: Final = Path(__file__).parents[3]
IMPORT: Final = re.compile(r"""^import (?:.* from )?["']([^"']+\.mjs)["']""", re.MULTILINE)
NAMED: Final = re.compile(r'"(\.\./icons/[^"]+|[a-zA-Z]+\.qml)"')
KCFG: Final = "{http://www.kde.org/standards/kcfg/1.0}"


def packed() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(plasmoid(ROOT)[1])) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_files_give_the_same_bytes() -> None:
    assert plasmoid(ROOT) == plasmoid(ROOT)
    assert plasmoid(ROOT)[0] == f"opencode-stats-{__version__}.plasmoid"


def test_the_metadata_are_what_plasma_relies_on() -> None:
    metadata = json.loads(packed()["metadata.json"])

    assert metadata["KPackageStructure"] == "Plasma/Applet"
    assert metadata["X-Plasma-API-Minimum-Version"] == "6.0"
    assert metadata["KPlugin"]["Id"] == "io.github.opencode_stats"
    assert metadata["KPlugin"]["Version"] == __version__
    assert metadata["KPlugin"]["License"] == "MIT"


def test_everything_that_is_named_is_there_and_nothing_else() -> None:
    files = packed()
    wanted = {"metadata.json", "LICENSE", "contents/config/main.xml", "contents/config/config.qml"}
    queue = ["contents/ui/main.qml", "contents/ui/configGeneral.qml"]  # Plasma and config.qml know these
    while queue:
        name = queue.pop()
        if name in wanted:
            continue
        wanted.add(name)
        if not name.endswith((".qml", ".mjs")):
            continue
        text, folder = files[name].decode(), posixpath.dirname(name)
        queue += [
            posixpath.normpath(posixpath.join(folder, found)) for found in IMPORT.findall(text) + NAMED.findall(text)
        ]
        beside = (found for found in files if posixpath.dirname(found) == folder and found.endswith(".qml"))
        queue += [one for one in beside if re.search(rf"\b{posixpath.basename(one)[:-4]} \{{", text)]
    assert set(files) == wanted
    assert 'source: "configGeneral.qml"' in files["contents/config/config.qml"].decode()


def test_each_setting_is_offered_and_used() -> None:
    files = packed()
    names = [entry.attrib["name"] for entry in ET.fromstring(files["contents/config/main.xml"]).iter(f"{KCFG}entry")]

    assert names == ["figure", "content"]
    for name in names:
        assert f"property string cfg_{name}\n" in files["contents/ui/configGeneral.qml"].decode()
        assert f"Plasmoid.configuration.{name}" in files["contents/ui/main.qml"].decode()


def test_texts_from_outside_are_never_markup() -> None:
    """A Label guesses, if it is not told, whether its text is markup."""
    texts = [content.decode() for name, content in packed().items() if name.endswith(".qml")]
    labels = [label for text in texts for label in re.findall(r"\bLabel \{.*?\n {4,}\}", text, re.DOTALL)]

    assert len(labels) > 5
    assert [label for label in labels if "textFormat: Text.PlainText" not in label] == []
