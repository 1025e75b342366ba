"""The plugin as an npm package, for OpenCode's ``plugin`` array. Its one module is the very file that is tested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from release.archives import tar_gz

if TYPE_CHECKING:
    from pathlib import Path

MODULE: Final = "opencode-stats.ts"
README: Final = """\
# {name}

The plugin of opencode-stats for OpenCode 1.x and 2.x. It forwards numbers and names, never text, to a folder of yours,
from which the program opencode-stats counts.

In `opencode.json`:

```json
{{"plugin": ["{name}@{version}"]}}
```

It needs the program for anything to be counted. `opencode-stats setup` puts the same plugin into OpenCode itself, and
then this package is not needed; with both, everything still counts once.
"""


def npm_package(root: Path, epoch_s: int) -> tuple[str, bytes]:
    """The package's file name, as ``npm pack`` has it, and the package."""
    own: dict[str, Any] = json.loads((root / "opencode_plugin" / "package.json").read_text("utf-8"))
    description = {
        "name": own["name"],
        "version": own["version"],
        "description": own["description"],
        "author": own["author"],
        "license": own["license"],
        "keywords": ["opencode", "opencode-plugin", "tokens", "usage"],
        "type": "module",
        # OpenCode 1.18 takes "./server", and "main" where there is none; Bun, which it runs on, reads TypeScript.
        "main": f"./{MODULE}",
        "exports": {".": f"./{MODULE}", "./server": f"./{MODULE}", "./package.json": "./package.json"},
        "files": [MODULE],
    }
    files = {
        "package.json": (json.dumps(description, indent=2) + "\n").encode(),
        MODULE: (root / "exporter" / "opencode_stats" / "install" / MODULE).read_bytes(),
        "README.md": README.format(**own).encode(),
        "LICENSE": (root / "LICENSE").read_bytes(),
    }
    packed = tar_gz({f"package/{name}": content for name, content in files.items()}, epoch_s)
    return f"{own['name']}-{own['version']}.tgz", packed
