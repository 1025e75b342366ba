"""What is written of the settings: the table in docs/settings.md, and the file that ``config edit`` begins with.

``python -m opencode_stats.settings.page docs/settings.md`` writes the table anew.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Final

from opencode_stats.settings.editing import toml_of
from opencode_stats.settings.keys import KEYS

BEGIN: Final = "<!-- made by make generate -->\n"
END: Final = "<!-- end -->\n"


def table() -> str:
    """Every setting as a row of a Markdown table."""
    rows = [
        f"| `{key.name}` | `{toml_of(key.default)}` | {key.kind.wants} | {key.says} |\n".replace("\n ", " ")
        for key in KEYS.values()
    ]
    return "| key | default | value | what it does |\n| --- | --- | --- | --- |\n" + "".join(rows)


def with_table(page: str) -> str:
    """The page with the table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def template() -> str:
    """A settings file that sets nothing and says everything."""
    parts = ["# opencode-stats: remove the # before a setting to choose it.\n"]
    for key in KEYS.values():
        says = textwrap.fill(f"{key.says} ({key.kind.wants})", 100, initial_indent="# ", subsequent_indent="# ")
        parts.append(f"\n{says}\n#{key.name} = {toml_of(key.default)}\n")
    return "".join(parts)


def main() -> None:
    """Writes the table anew into the page that is named."""
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
