"""What the keys do."""

from __future__ import annotations

from opencode_stats.cli.render.choice import Choice, pressed


def after(*keys: str, models: int = 3, choice: Choice | None = None) -> Choice:
    chosen = choice or Choice()
    for key in keys:
        chosen = pressed(chosen, key, models)
    return chosen


def test_sections_go_round() -> None:
    assert [after(*["tab"] * times).section for times in range(4)] == ["daily", "total", "session", "daily"]
    assert after("left") == after("back") == Choice(section="session")
    assert after("right", "back") == Choice()


def test_models_are_scrolled_within_what_there_is() -> None:
    assert after("down", "j").first == 2
    assert after(*["down"] * 9).first == 2
    assert after("up", "k").first == 0
    assert after("down", models=0).first == 0
    # Another list begins at its top.
    assert after("down", "tab").first == after("down", "c").first == 0


def test_order_pause_help_and_the_end() -> None:
    assert after("c").by_cost
    assert not after("c", "c").by_cost
    assert after("p").paused
    assert not after("p", " ").paused
    assert after("?").help
    assert after("h", "x") == Choice()
    assert after("q").quit
    assert after("escape").quit
    assert after("?", "q").quit
    assert not after("?", "escape").quit


def test_a_key_without_a_meaning_changes_nothing() -> None:
    assert after("x", "\x00", "é", "") == Choice()
