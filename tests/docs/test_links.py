"""Every link within the documents leads somewhere, and every page can be found from the index."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import pytest
from tests.docs.blocks import ROOT, pages

_FENCED: Final = re.compile(r"^\s*```.*?^\s*```", re.DOTALL | re.MULTILINE)
_CODE: Final = re.compile(r"`[^`\n]*`")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"")
_HEADING: Final = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_ELSEWHERE: Final = re.compile(r"[a-z]+:")


def prose(page: str) -> str:
    return _FENCED.sub("", (ROOT / page).read_text("utf-8"))


def targets(page: str) -> list[str]:
    found = [one or other for one, other in _LINK.findall(_CODE.sub("``", prose(page)))]
    return [target for target in found if not _ELSEWHERE.match(target)]


def anchors(page: str) -> set[str]:
    """As GitHub makes them of headings: letters, digits, hyphens and underscores, in lower case."""
    headings = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in targets(page):
        path, _, anchor = unquote(target).partition("#")
        there = (folder / path).resolve() if path else ROOT / page
        assert there.exists(), f"{page}: nothing is at {target}"
        if anchor:
            assert anchor in anchors(str(there.relative_to(ROOT))), f"{page}: no heading is at {target}"


def test_every_page_is_in_the_index() -> None:
    index = {str((ROOT / "docs" / target.partition("#")[0]).resolve()) for target in targets("docs/README.md")}
    own = {str(ROOT / page) for page in pages() if page.startswith("docs/") and "/adr/" not in page}

    missing = sorted(page.removeprefix(f"{ROOT}/") for page in own - index - {str(ROOT / "docs/README.md")})

    assert missing == [], "give each a line in docs/README.md, under what its reader wants"


def test_every_decision_is_in_its_list() -> None:
    listed = {target for target in targets("docs/adr/README.md") if target[:1].isdigit()}

    assert listed == {path.name for path in (ROOT / "docs/adr").glob("0*.md")}


def test_anchors_are_made_as_github_does() -> None:
    assert {"opencode-stats-sample", "opencode-stats"} <= anchors("docs/cli.md")
    assert "where-opencode-and-this-formats-first-document-differ" in anchors("docs/stats-json.md")
