from __future__ import annotations

from opencode_stats.ingest.lines import Line, cut


def test_complete_lines_are_cut_out_at_their_places() -> None:
    assert cut(b"ab\n\nc\n", 100) == [Line(100, b"ab"), Line(103, b""), Line(104, b"c")]


def test_what_follows_the_last_newline_is_left() -> None:
    assert cut(b"ab\ncd", 0) == [Line(0, b"ab")]
    assert cut(b"cd", 0) == cut(b"", 0) == []


def test_the_next_line_begins_where_this_one_ends() -> None:
    lines = cut(b"ab\nc\n", 7)

    assert lines[0].end_bytes == lines[1].offset_bytes == 10
