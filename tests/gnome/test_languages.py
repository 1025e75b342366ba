"""German and French words in a real Shell: in the panel, its menu, notifications and preferences."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from gnome_extension.tools.pack import SOURCE, read_po
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import Desk
from tests.gnome.rig.documents import document
from tests.gnome.rig.session import UUID, shell
from tests.gnome.rig.world import world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(90)]
# Where a text has not the room that it takes, the Shell ends it with an ellipsis.
CUT_OFF: Final = (
    "await painted(); return seen(button().menu.actor).filter(one => one instanceof St.Label &&"
    " one.clutter_text.get_layout().is_ellipsized()).map(one => one.text)"
)

IDLE_MS: Final = 95 * 60_000
SHELL_LIBRARIES: Final = (
    "GI_TYPELIB_PATH=/usr/lib/gnome-shell/girepository-1.0",
    "LD_LIBRARY_PATH=/usr/lib/gnome-shell",
)


@dataclass(frozen=True, slots=True)
class Language:
    """What is to be read of the golden stats.json."""

    locale: str
    figure: str
    spoken: str
    menu: frozenset[str]
    beginnings: tuple[str, ...]
    """Of texts that end in a time."""
    today: str
    opened: frozenset[str]
    notifications: frozenset[tuple[str, str]]
    preferences: frozenset[str]


GERMAN: Final = Language(
    locale="de_DE.UTF-8",
    figure="1.234",
    spoken="OpenCode, heute: 1.234 Token, 1,75 $. Es wartet auf Ihre Antwort.",
    menu=frozenset(
        (
            "Der Exporter läuft nicht",
            "Dies sind die Zahlen, die er zuletzt veröffentlicht hat. „opencode-stats doctor“ sagt, was hilft.",
            *("Sitzung", "Heute", "Gesamt", "Wartet auf Sie", "1.172 von 1.500", "78 %", "1,75 $ von 5,00 $"),
            *("Heute nach Stunden", "Letzte 14 Tage", "Statistik aktualisieren", "Ordner öffnen", "Einstellungen"),
        )
    ),
    beginnings=("seit ", "Untätig seit ", "Letzte Änderung: "),
    today="Heute",
    opened=frozenset(("Eingabe", "Ausgabe", "Nachdenken", "Cache gelesen", "Cache befüllt")),
    notifications=frozenset(
        (
            ("OpenCode ist fertig", "~/work/shop, nach 3 Min."),
            ("OpenCode bittet um Erlaubnis", "~/work/shop"),
            ("70 % eines Limits sind verbraucht", "5-hour"),
        )
    ),
    preferences=frozenset(("Leiste", "Kosten im Menü", "Kurz, wie 1,23 Mio.", "Benachrichtigungen", "Mindestdauer")),
)
FRENCH: Final = Language(
    locale="fr_FR.UTF-8",
    figure="1 234",
    spoken="OpenCode, aujourd’hui : 1 234 jetons, 1,75 $. Il attend votre réponse.",  # noqa: RUF001 - French has it
    menu=frozenset(
        (
            "L’exportateur ne tourne pas",  # noqa: RUF001
            "Voici les derniers chiffres qu’il a publiés. « opencode-stats doctor » dit comment y remédier.",  # noqa: RUF001
            *("Session", "Aujourd’hui", "Total", "Vous attend", "1 172 sur 1 500", "78 %", "1,75 $ sur 5,00 $"),  # noqa: RUF001
            *("Aujourd’hui par heure", "14 derniers jours", "Actualiser les statistiques"),  # noqa: RUF001
            *("Ouvrir le dossier", "Paramètres"),
        )
    ),
    beginnings=("depuis le ", "Inactif depuis ", "Changement : "),
    today="Aujourd’hui",  # noqa: RUF001
    opened=frozenset(("Entrée", "Sortie", "Raisonnement", "Cache lu", "Cache écrit")),
    notifications=frozenset(
        (
            ("OpenCode a terminé", "~/work/shop, après 3 min"),
            ("OpenCode demande une autorisation", "~/work/shop"),
            ("70 % d’une limite sont utilisés", "5-hour"),  # noqa: RUF001
        )
    ),
    preferences=frozenset(("Panneau", "Jetons et coût", "Notifications", "Durée minimale")),
)


@pytest.fixture(scope="module", params=[GERMAN, FRENCH], ids=["German", "French"])
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    return found


@pytest.fixture(scope="module")
def desk(chroot: Path, archive: Path, language: Language) -> Iterator[Desk]:
    """A Shell of somebody who speaks it."""
    with world() as made, shell(chroot, made.home.user, extension=archive, locale=language.locale) as started:
        made.put(figures(1_234, []))
        made.stamp()
        started.set("number-style", "full")
        started.enable()
        eventually(lambda: started.label, timeout_s=15, what="a first figure")
        yield Desk(made, started)


def figures(tokens: int, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A stats.json of somebody who uses much: long figures leave the words beside them the least room."""
    kinds = {"input": 12_345_678, "output": 1_234_567, "reasoning": 987_654, "cacheRead": 87_654_321}
    found = document(tokens, attention=items)
    found["daily"]["tokens"] = {**kinds, "cacheWrite": 7_654_321}
    _waiting, idle = found["sessions"]
    idle["idleSince"] = time.time_ns() // 1_000_000 - IDLE_MS
    return found


def plain(text: str) -> str:
    """With a blank for each blank: which of them a language puts into its numbers changes with Unicode's versions."""
    return " ".join(text.split())


def left_in_english(texts: Iterable[str], language: Language) -> set[str]:
    """Texts of ours that should have been translated."""
    messages = read_po((SOURCE / "po" / f"{language.locale[:2]}.po").read_text("utf-8"))
    return {text for text in texts if messages.get(text, text) != text}


def test_panel_and_menu_are_translated_and_nothing_is_cut_off(desk: Desk, language: Language) -> None:
    assert plain(desk.shell.label) == language.figure
    assert plain(desk.shell.run("return button().accessible_name")) == language.spoken

    def shown() -> set[str]:
        return set(map(plain, desk.shell.menu_texts))

    desk.shell.open_menu()
    eventually(lambda: language.menu <= shown(), timeout_s=5, what=f"all of {set(language.menu)}")
    assert {start for start in language.beginnings if any(text.startswith(start) for text in shown())} == set(
        language.beginnings
    )
    desk.shell.run(
        f"await clickActor(all(button().menu.actor).find(one => one.label?.text === {json.dumps(language.today)}))"
    )
    eventually(lambda: language.opened <= shown(), timeout_s=5, what=f"all of {set(language.opened)}")

    assert left_in_english(shown(), language) == set()
    assert desk.shell.run(CUT_OFF) == []
    desk.shell.close_menu()


def test_notifications_are_translated(desk: Desk, language: Language) -> None:
    now_ms = time.time_ns() // 1_000_000
    kinds: dict[str, dict[str, Any]] = {
        "permission": {},
        "finished": {"turnMs": 180_000},
        "limit": {"limit": "5-hour", "percent": 70},
    }
    place = {"workspace": "/home/rig/work/shop", "pids": []}
    items = [{"id": kind, "kind": kind, "runId": kind, "atMs": now_ms, **place, **rest} for kind, rest in kinds.items()]
    desk.world.put(figures(1_235, items))
    desk.world.stamp()

    eventually(
        lambda: {(plain(title), plain(body)) for title, body in desk.shell.notifications} == language.notifications,
        what=f"{set(language.notifications)}",
    )


def test_preferences_are_translated(desk: Desk, language: Language) -> None:
    done = desk.shell.command("env", *SHELL_LIBRARIES, "gjs", "-m", "/opt/rig/preferences.js", UUID)
    assert done["code"] == 0, done
    texts = json.loads(done["output"])
    assert language.preferences <= set(texts)
    assert left_in_english(texts, language) == set()
