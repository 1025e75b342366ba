"""The files that pages show: a fence below ``<!-- file: PATH -->`` holds that file, as it is.

``python -m tests.docs.included`` puts them into the pages anew.
"""

from __future__ import annotations

import re
from typing import Final

from tests.docs.blocks import ROOT, pages

_SHOWN: Final = re.compile(
    r"(<!-- file: (?P<path>\S+) -->\n```(?P<language>\w+)\n)(?P<text>.*?)(^```$)", re.DOTALL | re.MULTILINE
)


def with_files(markdown: str) -> str:
    """The page with the files as they are now.

    Raises:
        OSError: one of them is not there.
    """
    return _SHOWN.sub(lambda found: f"{found[1]}{(ROOT / found['path']).read_text('utf-8')}{found[5]}", markdown)


def shown_files() -> list[str]:
    """Every file that some page shows."""
    return [found["path"] for page in pages() for found in _SHOWN.finditer((ROOT / page).read_text("utf-8"))]


if __name__ == "__main__":
    for _page in pages():
        _before = (ROOT / _page).read_text("utf-8")
        if (_after := with_files(_before)) != _before:
            (ROOT / _page).write_text(_after, encoding="utf-8")
