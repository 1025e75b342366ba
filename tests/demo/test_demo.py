import io
import re

from tests.demo.conversations import RUNS, SCENARIOS
from tests.demo.screen import Screen, frame


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_each_new_frame_takes_the_place_of_the_last() -> None:
    out = FakeTerminal()
    screen = Screen(out)

    for at_s, text in enumerate(("one", "one", "two")):
        screen.show(text, at_s / 10)

    assert out.getvalue() == "\x1b[H\x1b[Jone\n\x1b[H\x1b[Jtwo\n"


def test_without_a_terminal_frames_come_below_each_other_and_not_too_often() -> None:
    out = io.StringIO()
    screen = Screen(out)

    for at_s, text in ((0.0, "one"), (0.5, "two"), (2.5, "three"), (2.6, "four")):
        screen.show(text, at_s)
    screen.show("end", 2.7, last=True)

    assert out.getvalue() == "\none\n\nthree\n\nend\n"


def test_a_frame_has_its_heading_above_the_figures() -> None:
    assert frame("Now", "figures\n\n") == "Now\n───\nfigures"


def test_every_prompt_names_a_scenario_that_there_is() -> None:
    names = {re.search(r"SCENARIO:([\w-]+)", run.prompt) for run in RUNS}

    assert {found.group(1) for found in names if found} <= set(SCENARIOS)
    assert None not in names
