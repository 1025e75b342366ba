"""The package for Debian 13 and newer (older ones have pydantic 1). Its libraries are Debian's own packages.

What is in it and why the extension is not: docs/install.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import subprocess
import zipfile
from typing import TYPE_CHECKING, Final

from opencode_stats.install.command import SERVICE_ARGUMENTS
from opencode_stats.install.service import UNIT, unit_text
from release.archives import gz
from release.documents import COMPLETIONS, MAN_FOLDER, MAN_PAGE, PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.project import Project

_NO_ADDRESS: Final = "<opencode-stats@packages.invalid>"
"""Debian wants an address; there is none, and under ``.invalid`` none can ever be (RFC 2606)."""
PROGRAM: Final = "usr/bin/opencode-stats"
_MODULES: Final = "usr/lib/python3/dist-packages"
_ZSH: Final = "usr/share/zsh/vendor-completions/_opencode-stats"
"""Debian's place for what packages bring; elsewhere it is ``site-functions``."""
_EXECUTABLE: Final = 0o755
_PLAIN: Final = 0o644

# -s, -P: neither the user's own modules nor those beside the script come before Debian's.
_SCRIPT: Final = """\
#!/usr/bin/python3 -sP
from opencode_stats.cli.main import main

main()
"""
_DESCRIPTION: Final = """\
 A plugin forwards what happens inside OpenCode (numbers and names, never
 text) to an exporter on the same machine, which counts every message once
 and keeps ~/.local/share/opencode/stats.json up to date: this session,
 today, in total, by model. Run "opencode-stats setup" once as yourself.
"""
_POSTINST: Final = """\
#!/bin/sh
set -e
if [ "$1" = configure ] && command -v py3compile > /dev/null; then
    py3compile -p {name}
fi
"""
_PRERM: Final = """\
#!/bin/sh
set -e
if command -v py3clean > /dev/null; then
    py3clean -p {name}
fi
"""


def debian_package(
    project: Project, wheel: bytes, documents: Mapping[str, bytes], *, licence: str, epoch_s: int, scratch: Path
) -> tuple[str, bytes]:
    """The package's file name, and the package.

    Args:
        project: the program.
        wheel: what is unpacked into Debian's folder of modules.
        documents: the man page and the completions (``documents.documents``).
        licence: the project's LICENSE file.
        epoch_s: the time of everything in it, Unix seconds.
        scratch: an empty folder.

    Raises:
        CalledProcessError: ``dpkg-deb`` failed.
    """
    files = {
        **_modules(wheel),
        PROGRAM: _SCRIPT.encode(),
        f"usr/lib/systemd/user/{UNIT}": _unit(project).encode(),
        f"{MAN_FOLDER}/{MAN_PAGE}.gz": gz(documents[MAN_PAGE]),
        PLACES["bash"]: documents[COMPLETIONS["bash"]],
        _ZSH: documents[COMPLETIONS["zsh"]],
        PLACES["fish"]: documents[COMPLETIONS["fish"]],
        f"usr/share/doc/{project.name}/copyright": _copyright(project, licence).encode(),
        f"usr/share/doc/{project.name}/changelog.gz": gz(_changelog(project, epoch_s).encode()),
    }
    sums = "".join(f"{hashlib.md5(files[name]).hexdigest()}  {name}\n" for name in sorted(files))  # noqa: S324 - dpkg's
    control = {
        "control": _control(project, sum(map(len, files.values()))),
        "md5sums": sums,
        "postinst": _POSTINST.format(name=project.name),
        "prerm": _PRERM.format(name=project.name),
    }
    for name, text in control.items():
        files[f"DEBIAN/{name}"] = text.encode()
    _lay_out(files, scratch / "tree", epoch_s)
    package = scratch / f"{project.name}_{project.version}_all.deb"
    subprocess.run(  # noqa: S603 - our own folder
        # One thread: several would cut the content elsewhere on another machine.
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--threads-max=1", "--build", scratch / "tree", package],  # noqa: S607
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)},  # noqa: TID251 - the PATH to dpkg-deb's own programs
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return package.name, package.read_bytes()


def _modules(wheel: bytes) -> dict[str, bytes]:
    """The wheel's files; pip's own list of them is left out, since dpkg keeps one."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = [name for name in archive.namelist() if not name.endswith(("/RECORD", "/WHEEL", "/licenses/LICENSE"))]
        kept = {f"{_MODULES}/{name}": archive.read(name) for name in names if "/licenses/" not in name}
    (metadata,) = (name for name in kept if name.endswith(".dist-info/METADATA"))
    kept[metadata.replace("METADATA", "INSTALLER")] = b"debian\n"
    return kept


def _unit(project: Project) -> str:
    """The service as ``setup`` writes it, without any user's folders: for who wants to enable it by hand."""
    _, _, rest = unit_text((f"/{PROGRAM}", *SERVICE_ARGUMENTS), {}, project.version).partition("\n")
    return f"# Of the package {project.name}; `opencode-stats setup` writes yours, which comes before this one.\n{rest}"


def _control(project: Project, size_bytes: int) -> str:
    needed = [f"python3 (>= {project.python})"]
    needed += [f"python3-{name} (>= {oldest})" for name, oldest in project.libraries.items()]
    return f"""\
Package: {project.name}
Version: {project.version}
Architecture: all
Maintainer: {project.authors} {_NO_ADDRESS}
Installed-Size: {size_bytes // 1024 + 1}
Depends: {", ".join(needed)}
Recommends: {", ".join(f"python3-{name} (>= {oldest})" for name, oldest in project.desktop.items())}
Section: utils
Priority: optional
Description: {_short(project.summary)}
{_DESCRIPTION}"""


def _short(summary: str) -> str:
    """As Debian has a package's first line: below 80 characters, no capital for its own sake."""
    return (summary[0].lower() + summary[1:]).partition(":")[0]


def _changelog(project: Project, epoch_s: int) -> str:
    date = dt.datetime.fromtimestamp(epoch_s, dt.UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return f"""\
{project.name} ({project.version}) unstable; urgency=medium

  * What changed for users is in the CHANGELOG.md of the source.

 -- {project.authors} {_NO_ADDRESS}  {date}
"""


def _copyright(project: Project, licence: str) -> str:
    mit = licence.partition("MIT License\n")[2].strip()
    owner = next(line for line in mit.splitlines() if line.startswith("Copyright"))
    terms = mit.partition(owner)[2].strip()
    indented = "\n".join(f" {line}" if line.strip() else " ." for line in terms.splitlines())
    holder = owner.removeprefix("Copyright").replace("(c)", "").strip()
    return f"""\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {project.name}

Files: *
Copyright: {holder}
License: Expat

Files: usr/lib/python3/dist-packages/opencode_stats/install/gnome-extension.zip
Copyright: {holder}
License: GPL-2+

License: Expat
{indented}

License: GPL-2+
 This program is free software; you can redistribute it and/or modify it under
 the terms of the GNU General Public License as published by the Free Software
 Foundation; either version 2 of the License, or (at your option) any later
 version.
 .
 On Debian systems its text is in /usr/share/common-licenses/GPL-2.
"""


def _lay_out(files: Mapping[str, bytes], tree: Path, epoch_s: int) -> None:
    """Writes the files as they are to be on the user's machine, whatever the umask here."""
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(_EXECUTABLE if name in (PROGRAM, "DEBIAN/postinst", "DEBIAN/prerm") else _PLAIN)
    for folder, _, names in os.walk(tree, topdown=False):
        os.chmod(folder, _EXECUTABLE)
        for name in (*names, ""):
            os.utime(os.path.join(folder, name), (epoch_s, epoch_s))
