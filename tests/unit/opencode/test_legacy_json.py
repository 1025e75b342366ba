"""OpenCode's JSON files, in both layouts, sound and unsound."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from opencode_stats.opencode.legacy_json import (
    LARGEST_FILE_BYTES,
    ConversationFile,
    conversations_of,
    message_folders,
    message_ids,
    messages_in,
    newest_ns,
)

if TYPE_CHECKING:
    from pathlib import Path


def put(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def test_there_are_none(tmp_path: Path) -> None:
    assert (message_folders(tmp_path / "none"), message_ids(tmp_path)) == ([], frozenset())


def test_both_layouts(tmp_path: Path) -> None:
    oldest = tmp_path / "project" / "home-user-x" / "storage" / "session"
    put(tmp_path / "storage" / "message" / "ses_2" / "msg_2.json", {"role": "user"})
    put(oldest / "message" / "ses_1" / "msg_1.json", {"role": "assistant", "time": {"created": 1}})
    put(tmp_path / "storage" / "session" / "p" / "ses_2.json", {"projectID": "p", "time": {"created": 5}})
    put(oldest / "info" / "ses_1.json", {"parentID": "ses_0", "directory": "/x", "version": "0.3", "time": "?"})
    put(tmp_path / "storage" / "part" / "msg_2" / "prt_1.json", {"text": "not looked at"})

    folders = message_folders(tmp_path)

    assert [folder.conversation for folder in folders] == ["ses_1", "ses_2"]
    assert [message.message for folder in folders for message in messages_in(folder.path)] == ["msg_1", "msg_2"]
    assert message_ids(tmp_path) == {"msg_1", "msg_2"}
    assert sorted(conversations_of(tmp_path, ["ses_1", "ses_2", "ses_3"]), key=lambda one: one.conversation) == [
        ConversationFile("ses_1", None, "ses_0", "/x", "0.3", None),
        ConversationFile("ses_2", "p", None, None, None, 5),
    ]


def test_what_is_no_record_has_no_content_and_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "storage" / "message" / "ses_1"
    contents = {"empty": "", "half": '{"role": "assi', "list": "[1]", "deep": "[" * 100_000}
    for name, content in contents.items():
        put(folder / f"msg_{name}.json", content)
    put(folder / "msg_large.json", '{"a": "' + "x" * LARGEST_FILE_BYTES + '"}')
    (folder / "msg_bytes.json").write_bytes(b'{"a": "\xff"}')
    put(folder / "notes.txt", "no message")

    found = list(messages_in(str(folder)))

    assert [(one.content, one.complete, one.changed_ns > 0) for one in found] == [(None, False, True)] * 6
    times = [os.stat(folder / name).st_mtime_ns for name in os.listdir(folder) if name.startswith("msg")]
    assert newest_ns(str(folder)) == (6, max(times))


def test_what_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "storage" / "message" / "ses_1"
    put(folder / "msg_1.json", {"role": "assistant", "time": {"created": 1, "completed": 2}})
    put(folder / "msg_2.json", {"role": "assistant", "time": {"created": 1}})
    put(folder / "msg_3.json", {"role": "user", "time": {"created": 1}})

    assert [one.complete for one in messages_in(str(folder))] == [True, False, True]


def test_what_is_no_plain_file_is_neither_waited_for_nor_read_for_ever(tmp_path: Path) -> None:
    folder = tmp_path / "storage" / "message" / "ses_1"
    put(folder / "msg_1.json", {"role": "user"})
    (folder / "msg_2.json").mkdir()
    os.mkfifo(folder / "msg_3.json")
    for number, target in enumerate(("/dev/zero", "msg_4.json", "/proc/kmsg", "/nowhere", "."), 4):
        (folder / f"msg_{number}.json").symlink_to(target)
    (folder.parent / "ses_2").symlink_to(".")
    os.mkfifo(folder.parent / "ses_3")

    assert [found.conversation for found in message_folders(tmp_path)] == ["ses_1"]
    assert [one.content for one in messages_in(str(folder))] == ['{"role": "user"}', *[None] * 7]
    assert newest_ns(str(folder))[0] == 8


def test_what_opencode_cannot_have_named_so_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "storage" / "message" / "ses_1"
    for name in (b"\xff", b"a\x1b[2J", b"\n", b"msg_1"):
        put(folder.parent / os.fsdecode(b"ses_" + name) / "msg_1.json", {})
        put(folder / os.fsdecode(name + b".json"), {"role": "user"})

    assert [found.conversation for found in message_folders(tmp_path)] == ["ses_1", "ses_msg_1"]
    assert [one.message for one in messages_in(str(folder))] == ["msg_1"]
    assert message_ids(tmp_path) == {"msg_1"}


def test_a_copy_under_another_name_is_no_message(tmp_path: Path) -> None:
    folder = tmp_path / "storage" / "message" / "ses_1"
    for name in ("msg_1", "msg_1 (conflict)", "msg_1.backup"):
        put(folder / f"{name}.json", {"id": "msg_1", "role": "user"})

    assert [(one.message, one.content is None, one.changed_ns) for one in messages_in(str(folder))][:2] == [
        ("msg_1 (conflict)", True, 0),
        ("msg_1.backup", True, 0),
    ]
    assert [one.message for one in messages_in(str(folder)) if one.content] == ["msg_1"]


def test_a_conversation_whose_beginning_is_no_instant(tmp_path: Path) -> None:
    for number, created in enumerate((-1, 2**63, 1e3, True, 10**18, 7)):
        put(tmp_path / "storage" / "session" / "p" / f"ses_{number}.json", {"time": {"created": created}})

    found = conversations_of(tmp_path, [f"ses_{number}" for number in range(6)])

    assert sorted(one.created_ms or 0 for one in found) == [0, 0, 0, 0, 0, 7]
