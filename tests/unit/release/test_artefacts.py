"""What ``make dist`` makes: complete, named with checksums, the same bytes every time and everywhere."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from opencode_stats import __version__
from opencode_stats.install.plugin_files import bundled_plugin
from release.project import ROOT, build_environment, epoch_of, read_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

EPOCH_S = 1_795_262_400


def dist(target: Path, umask: int = 0o022, **variables: str) -> Path:
    """A run of its own, as ``make dist`` starts it."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}/packaging:{ROOT}/exporter"}
    given = {"SOURCE_DATE_EPOCH": str(EPOCH_S)} | variables
    command = [sys.executable, "-m", "release", str(target)]
    subprocess.run(command, cwd=target.parent, env=env | given, check=True, capture_output=True, umask=umask)
    return target


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dist(tmp_path_factory.mktemp("dist") / "dist")


def test_the_authors_are_the_licences_in_every_package() -> None:
    authors = read_project().authors
    package = json.loads((ROOT / "opencode_plugin" / "package.json").read_text("utf-8"))

    assert f"Copyright (c) 2026 {authors}" in (ROOT / "LICENSE").read_text("utf-8").splitlines()
    assert package["author"] == authors


def test_everything_is_there(made: Path) -> None:
    version = read_project().version

    assert version == __version__
    assert {path.name for path in made.iterdir()} == {
        f"opencode_stats-{version}-py3-none-any.whl",
        f"opencode_stats-{version}.tar.gz",
        f"opencode-stats_{version}_all.deb",
        f"opencode-stats-{version}.tgz",
        f"opencode-stats-{version}.plasmoid",
        "opencode-stats@opencode-stats.github.io.shell-extension.zip",
        "PKGBUILD",
        "opencode-stats.1",
        "opencode-stats.bash",
        "_opencode-stats",
        "opencode-stats.fish",
        "SHA256SUMS",
    }


def test_built_twice_the_bytes_are_the_same_whatever_the_user_has_set(made: Path, tmp_path: Path) -> None:
    other = {"TZ": "Asia/Kolkata", "LANG": "de_DE.UTF-8", "HOME": str(tmp_path), "COLUMNS": "40", "PYTHONHASHSEED": "7"}

    again = dist(tmp_path / "again", 0o077, **other)

    sums = (made / "SHA256SUMS").read_text("ascii")
    assert (again / "SHA256SUMS").read_text("ascii") == sums
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in made.iterdir()
    }


def test_the_time_is_that_of_the_last_commit(tmp_path: Path) -> None:
    told = subprocess.run(
        ["git", "-c", "safe.directory=*", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, check=True
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    assert epoch_of(env) == int(told.stdout)
    assert epoch_of(env | {"SOURCE_DATE_EPOCH": "7"}) == 7
    assert build_environment({"SECRET": "x", "PATH": "/bin"}, 7) == {
        "PATH": "/bin",
        "SOURCE_DATE_EPOCH": "7",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def test_the_checksums_are_those_of_the_files(made: Path) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=made, capture_output=True, text=True, check=True
    )

    assert len(checked.stdout.splitlines()) == len(list(made.iterdir())) - 1
    assert (made / "SHA256SUMS").read_text("ascii") == "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(made.iterdir())
        if path.name != "SHA256SUMS"
    )


def test_the_npm_package_is_the_plugin_that_is_tested(made: Path, tmp_path: Path) -> None:
    (packed,) = made.glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    package = tmp_path / "package"
    described = json.loads((package / "package.json").read_text("utf-8"))

    assert (package / described["main"]).read_bytes() == bundled_plugin()
    assert described["exports"]["./server"] == described["exports"]["."] == described["main"]
    assert described["version"] == __version__
    assert "dependencies" not in described
    assert "private" not in described
    assert f'{{"plugin": ["{described["name"]}@{__version__}"]}}' in (package / "README.md").read_text("utf-8")


def test_the_pkgbuild_is_a_script_that_names_its_sources_with_their_sums(made: Path) -> None:
    text = (made / "PKGBUILD").read_text("utf-8")
    shell = (
        "source ./PKGBUILD; for i in ${!source[@]}; do echo ${sha256sums[i]}  ${source[i]}; done | sha256sum --check; "
        'echo "$pkgname $pkgver ${arch[*]} ${#depends[@]}"; declare -F build package'
    )

    subprocess.run(["bash", "-n", made / "PKGBUILD"], check=True)
    done = subprocess.run(["bash", "-euc", shell], cwd=made, capture_output=True, text=True, check=True)

    libraries = {**read_project().libraries, **read_project().desktop}
    *checked, last, build, package = done.stdout.splitlines()
    assert [line.split(": ")[1] for line in checked] == ["OK"] * 5
    assert last == f"opencode-stats {__version__} any {1 + len(libraries)}"
    assert (build, package) == ("build", "package")
    for name in libraries:
        assert f"'python-{name}>=" in text


def test_the_debian_package_has_the_wheels_modules_and_needs_what_it_needs(made: Path, tmp_path: Path) -> None:
    (package,) = made.glob("*.deb")
    subprocess.run(["dpkg-deb", "--raw-extract", package, tmp_path / "deb"], check=True)
    fields = (tmp_path / "deb/DEBIAN/control").read_text("utf-8")
    modules = tmp_path / "deb/usr/lib/python3/dist-packages"
    (wheel,) = made.glob("*.whl")

    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
        for name in archive.namelist():
            if name.startswith("opencode_stats/"):
                assert (modules / name).read_bytes() == archive.read(name)
    assert not list(modules.rglob("RECORD"))
    for name, oldest in read_project().libraries.items():
        assert f"python3-{name} (>= {oldest})" in fields
    assert "\nRecommends: python3-dbus-fast (>= " in fields
    checked = subprocess.run(
        ["md5sum", "--check", "--quiet", "DEBIAN/md5sums"],
        cwd=tmp_path / "deb",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout) == (0, "")
    script = (tmp_path / "deb/usr/bin/opencode-stats").read_text("utf-8")
    ast.parse(script)
    assert script.startswith("#!/usr/bin/python3 -sP\n")


def test_nothing_made_says_where_it_was_made(made: Path) -> None:
    for path in made.iterdir():
        content = path.read_bytes()
        if path.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(path) as archive:
                content = b"\n".join(archive.read(name) for name in archive.namelist())
        elif path.name.endswith(("gz", ".deb")):
            continue  # made of the same files
        # A whole path: a checkout in /src is not meant by opencode_plugin/src.
        assert not re.search(rb"(?<![\w.-])" + re.escape(str(ROOT).encode()) + rb"(?![\w.-])", content), path.name
