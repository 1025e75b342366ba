"""The zip that ``make extension`` makes."""

from __future__ import annotations

import gettext
import io
import json
import posixpath
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from gnome_extension.tools.pack import BadTranslation, mo, pack, read_po

from opencode_stats.install.gnome_panel import ARCHIVE, bundled_panel

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "gnome_extension"
UUID = "opencode-stats@opencode-stats.github.io"
MODULE = re.compile(r"'(\.{1,2}/[^']+\.js)'")
"""One module's name in another: what it imports at once, and what it imports later or names in a list of such."""


def shipped(target: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack(target)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.processes
def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    first = pack(tmp_path / "a").read_bytes()
    printed = subprocess.run(
        [sys.executable, SOURCE / "tools/pack.py", "b"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == f"b/{UUID}.shell-extension.zip"
    assert (tmp_path / printed.stdout.strip()).read_bytes() == first


def test_everything_that_is_imported_is_there_and_nothing_else_of_the_tools(tmp_path: Path) -> None:
    files = shipped(tmp_path)

    assert {"metadata.json", "extension.js", "prefs.js", "stylesheet.css", "LICENSE"} <= set(files)
    wanted = {"extension.js", "prefs.js"}
    queue = list(wanted)
    while queue:
        name = queue.pop()
        for named in MODULE.findall(files[name].decode()):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), named))
            if target not in wanted:
                wanted.add(target)
                queue.append(target)
    assert {name for name in files if name.endswith(".js")} == wanted
    folders = {name.split("/")[0] for name in files if "/" in name}
    assert folders == {"lib", "shell", "prefs", "icons", "schemas", "locale"}


@pytest.mark.processes
def test_the_python_package_carries_it_also_when_built_from_the_source_archive(tmp_path: Path) -> None:
    def build(kind: str, source: Path) -> Path:
        command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(tmp_path)]
        subprocess.run(command, cwd=source, check=True, capture_output=True)
        return next(tmp_path.glob({"sdist": "*.tar.gz", "wheel": "*.whl"}[kind]))

    with tarfile.open(build("sdist", ROOT)) as source:
        source.extractall(tmp_path / "source", filter="data")
    (unpacked,) = (tmp_path / "source").iterdir()

    with zipfile.ZipFile(build("wheel", unpacked)) as wheel:
        carried = wheel.read(f"opencode_stats/install/{ARCHIVE}")
    assert carried == pack(tmp_path).read_bytes() == bundled_panel()
    assert not (unpacked / "tests").exists()


def test_the_metadata_are_what_the_shell_and_setup_rely_on(tmp_path: Path) -> None:
    metadata = json.loads(shipped(tmp_path)["metadata.json"])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert metadata["uuid"] == UUID
    assert metadata["shell-version"] == ["46", "47", "48", "49", "50", "51"]
    assert metadata["version-name"] == version
    assert "version" not in metadata
    schema = f"schemas/{metadata['settings-schema']}.gschema.xml"
    assert f'gettext-domain="{metadata["gettext-domain"]}"' in shipped(tmp_path)[schema].decode()


@pytest.mark.parametrize("language", ["de", "fr"])
def test_translations_are_read_by_gettext(tmp_path: Path, language: str) -> None:
    files = shipped(tmp_path)
    catalogue = gettext.GNUTranslations(io.BytesIO(files[f"locale/{language}/LC_MESSAGES/opencode-stats.mo"]))

    assert catalogue.gettext("Today") == {"de": "Heute", "fr": "Aujourd\u2019hui"}[language]
    plural = catalogue.ngettext("and {count} more model", "and {count} more models", 2)
    assert plural == {"de": "und {count} weitere Modelle", "fr": "et {count} autres modèles"}[language]
    assert catalogue.gettext("not in it") == "not in it"


def test_escapes_and_texts_over_several_lines_are_understood() -> None:
    read = read_po('msgid ""\n"one \\"two\\"\\n"\n"three\\\\"\nmsgstr "x"\n\n# comment\nmsgid "a"\nmsgstr "b"\n')

    assert read == {'one "two"\nthree\\': "x", "a": "b"}
    catalogue = gettext.GNUTranslations(io.BytesIO(mo(read)))
    assert catalogue.gettext('one "two"\nthree\\') == "x"


@pytest.mark.parametrize("text", ['#, fuzzy\nmsgid "a"\nmsgstr "b"\n', "msgid a\n", '"a"\n'])
def test_a_translation_that_is_not_finished_or_broken_is_refused(text: str) -> None:
    with pytest.raises(BadTranslation):
        read_po(text)
