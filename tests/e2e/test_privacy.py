"""What is said between user and model leaves no trace in anything of ours."""

from pathlib import Path

import pytest
from tests.e2e.checks import assert_all_equal_books
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]

SECRET = "xylophone-4711-marzipan"


def files_with(secret: str, *folders: Path) -> list[str]:
    return [
        str(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and secret.encode() in path.read_bytes()
    ]


def test_no_word_of_prompts_answers_tools_titles_or_questions_is_in_any_file_of_ours(on_stage: Stage) -> None:
    home, exporter, project = on_stage.home, on_stage.exporter, on_stage.home.project
    with (
        exporter.daemon() as daemon,
        serving(home, extra={"OPENCODE_ENABLE_QUESTION_TOOL": "1"}) as server,
    ):
        # Text in prompts, answers, reasoning, titles, tool arguments and output, a summary, an error, requests.
        conversation = server.ask(project, f"SCENARIO:twenty-steps SECRET:{SECRET}")
        server.compact(project, conversation)
        server.ask(project, f"SCENARIO:refused SECRET:{SECRET}")
        for scenario, kind in (("permission", "permission"), ("question", "question")):
            asking = server.conversation(project)
            server.prompt_async(project, asking, f"SCENARIO:{scenario} SECRET:{SECRET}")
            (asked,) = eventually(lambda kind=kind: server.requests(project, kind), what=kind)  # type: ignore[misc]
            if kind == "permission":
                server.permit(project, asked["id"])
            else:
                server.answer(project, asked["id"], "A")
        server.wait_idle(project)
        document = exporter.snapshot()
        exporter.doctor()
        # While the ledger's -wal is there, too.
        spooled = list(home.spool.iterdir())
        found = files_with(SECRET, home.state, home.ledger_folder)
        stats_text = home.stats_file.read_text()
        log = daemon.stdout + daemon.stderr
    after = files_with(SECRET, home.state, home.ledger_folder)

    assert_all_equal_books(document, on_stage.charges)
    # The proof is worth something only if the words went through OpenCode and our files are there to be searched.
    assert files_with(SECRET, home.opencode_data)
    assert len(spooled) == 1
    assert (home.ledger_folder / "ledger.db").exists()
    assert (found, after) == ([], [])
    assert SECRET not in stats_text
    assert SECRET not in log


def test_our_files_are_nobody_else_s_business(on_stage: Stage) -> None:
    home = on_stage.home
    with on_stage.exporter.daemon(), serving(home) as server:
        server.ask(home.project, "SCENARIO:hello")
        on_stage.exporter.snapshot()
        ours = [home.state, home.ledger_folder, home.stats_file]
        ours += [path for folder in ours[:2] for path in folder.rglob("*")]
        open_to_others = [str(path) for path in ours if path.stat().st_mode & 0o077]

    assert open_to_others == []
