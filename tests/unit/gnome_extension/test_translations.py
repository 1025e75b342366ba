"""Every text of the extension is in the template, and translated in full."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gnome_extension.tools.pack import read_po

SOURCE = Path(__file__).parents[3] / "gnome_extension"
PATTERNS = ("extension.js", "prefs.js", "lib/*.js", "shell/*.js", "prefs/*.js")
SOURCES = [file for pattern in PATTERNS for file in SOURCE.glob(pattern)]
LITERAL = r"'((?:[^'\\\n]|\\.)*)'"
CALL = r"(?<![\w:])_\("
SINGLE = re.compile(rf"{CALL}\s*{LITERAL}\s*\)")
PLURAL = re.compile(rf"\bngettext\(\s*{LITERAL}\s*,\s*{LITERAL}\s*,")
PLACE = re.compile(r"\{\w+\}")
LANGUAGES = (SOURCE / "po/LINGUAS").read_text("utf-8").split()


def texts_in_the_code() -> set[str]:
    found: set[str] = set()
    for file in SOURCES:
        code = file.read_text("utf-8")
        single, plural = SINGLE.findall(code), PLURAL.findall(code)
        # A text that is put together can't be translated, and would be overlooked here.
        assert len(single) == len(re.findall(CALL, code)), file
        assert len(plural) == len(re.findall(r"\bngettext\((?!one)", code)), file
        found |= set(single) | {"\0".join(pair) for pair in plural}
    return {text.replace("\\'", "'") for text in found}


def messages(name: str) -> dict[str, str]:
    text = (SOURCE / "po" / name).read_text("utf-8")
    return {key: value for key, value in read_po(text.replace("#, fuzzy\n", "", 1)).items() if key}


def test_the_template_has_every_text_and_no_other() -> None:
    assert len(texts_in_the_code()) > 50
    assert set(messages("opencode-stats.pot")) == texts_in_the_code()


def test_german_and_french_are_there() -> None:
    assert {"de", "fr"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_untranslated(language: str) -> None:
    translated = messages(f"{language}.po")

    assert set(translated) == texts_in_the_code()
    assert {key for key, value in translated.items() if not all(value.split("\0"))} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_places_of_the_original(language: str) -> None:
    wrong = {}
    for original, translation in messages(f"{language}.po").items():
        places = set(PLACE.findall(original))
        for form in translation.split("\0"):
            # "Last day" may leave the number out where there is only one.
            missing_one = "\0" in original and set(PLACE.findall(form)) == places - {"{count}"}
            if set(PLACE.findall(form)) != places and not missing_one:
                wrong[original] = form
    assert wrong == {}
