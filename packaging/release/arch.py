"""The PKGBUILD for Arch Linux. Pure: it gives text."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.project import Project


def pkgbuild(project: Project, sdist: tuple[str, bytes], beside: Mapping[str, tuple[str, bytes]]) -> str:
    """What ``makepkg`` builds the package from, with everything it names beside it.

    Args:
        project: the program.
        sdist: the source archive: its name and content.
        beside: the other files, each name's place on the user's machine and content.
    """
    sources = {sdist[0]: sdist[1], **{name: content for name, (_, content) in beside.items()}}
    listed = "\n".join(f"  '{name}'" for name in sources)
    sums = "\n".join(f"  '{hashlib.sha256(content).hexdigest()}'" for content in sources.values())
    placed = "\n".join(f'  install -Dm644 {name} "$pkgdir/{place}"' for name, (place, _) in beside.items())
    # pacman installs what is optional only when it is asked to.
    libraries = {**project.libraries, **project.desktop}
    needed = " ".join(f"'python-{name}>={oldest}'" for name, oldest in libraries.items())
    folder = sdist[0].removesuffix(".tar.gz")
    return f"""\
# Made by `make dist`; put every source that it names beside it, then: makepkg --install
pkgname={project.name}
pkgver={project.version}
pkgrel=1
pkgdesc='{project.summary}'
arch=('any')
license=({" ".join(f"'{licence}'" for licence in project.licences)})
depends=('python>={project.python}' {needed})
makedepends=('python-build' 'python-installer' 'python-hatchling')
source=(
{listed}
)
sha256sums=(
{sums}
)

build() {{
  cd '{folder}'
  python -m build --wheel --no-isolation
}}

package() {{
{placed}
  cd '{folder}'
  python -m installer --destdir="$pkgdir" dist/*.whl
  install -Dm644 LICENSE "$pkgdir/usr/share/licenses/$pkgname/LICENSE"
}}
"""
