"""``python -m tests.bench.peers``: other tools that show what OpenCode spent, and ours, on the same home and size.

Not among the benchmarks of ``make bench``: it fetches the others from npm and PyPI, in the versions below. The first
part lets the real OpenCode work against a provider of our own, whose books are the truth; after each thing that users
do every tool is asked for the total. The second part asks each once for the total of 100,000 messages.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.bench.import_speed import CHANCES, MESSAGES
from tests.bench.scene import ROOT, daemon, median, scene
from tests.e2e.exact import fork_thrice, messages, revert
from tests.e2e.rig.books import counted
from tests.e2e.rig.fetch import fetched
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.prepared import prepared
from tests.e2e.rig.stage import stage
from tests.truth.database_v1 import write_v1
from tests.truth.history import history
from tests.truth.size import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.e2e.rig.stage import Stage

FOLDER: Final = ROOT / ".cache/peers"
CCUSAGE: Final = "20.0.24"
OPENCODE_USAGE: Final = "0.2.4"
ROUNDS: Final = 5
_LONGEST_S: Final = 120.0
_SUFFIXES: Final = {"": 1, "K": 1_000, "M": 1_000_000}
_EVER: Final = "36500"


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: how it is called for the total, and how that is read out of its answer."""

    name: str
    command: Sequence[str]
    total: Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed, and what it cost: wall and processor time in seconds, the largest process in MiB."""

    tokens: float
    wall_s: float
    cpu_s: float
    mib: float


def peers(program: Path) -> list[Peer]:
    """The others, fetched first where they are not here."""
    if not FOLDER.exists():
        FOLDER.mkdir(parents=True)
        npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(FOLDER)]
        # Named besides, because some registries have not got the others' platforms, and npm then leaves out all.
        subprocess.run([*npm, f"ccusage@{CCUSAGE}", f"@ccusage/ccusage-linux-x64@{CCUSAGE}"], check=True)
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "py")], check=True)
        subprocess.run([str(FOLDER / "py/bin/pip"), "install", "-q", f"opencode-usage=={OPENCODE_USAGE}"], check=True)
    ccusage = [str(FOLDER / "node_modules/.bin/ccusage"), "opencode", "daily", "--json", "--offline"]
    usage = [str(FOLDER / "py/bin/opencode-usage"), "run", "--days", _EVER, "--json"]
    return [
        Peer("opencode-stats", (sys.executable, "-m", "opencode_stats", "--json"), _ours),
        Peer("opencode stats", (str(program), "stats"), _opencode),
        Peer(f"ccusage {CCUSAGE}", ccusage, _ccusage),
        Peer(f"opencode-usage {OPENCODE_USAGE}", usage, _usage),
    ]


def _ours(answer: str) -> float:
    return int(json.loads(answer)["total"]["totalTokens"])


def _opencode(answer: str) -> float:
    """Its table, whose figures are rounded to a tenth of a thousand, or of a million."""
    found = re.findall(r"(Input|Output|Cache Read|Cache Write|Reasoning)\s+([\d.,]+)([KM]?)", answer)
    return sum(float(number.replace(",", "")) * _SUFFIXES[suffix] for _, number, suffix in found)


def _ccusage(answer: str) -> float:
    return int((json.loads(answer).get("totals") or {}).get("totalTokens", 0)) if answer.strip() else 0


def _usage(answer: str) -> float:
    return int(json.loads(answer)["total"]["tokens"]["total"])


def look(peer: Peer, env: Mapping[str, str], directory: Path) -> Look:
    """One call."""
    began_s = time.perf_counter()
    with subprocess.Popen(
        peer.command, env=env, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        answer, said = process.communicate(timeout=_LONGEST_S)
        wall_s = time.perf_counter() - began_s
    if process.returncode:
        raise RuntimeError(f"{peer.name}: exit {process.returncode}: {said.decode()[-2000:]}")
    cost = _cost(peer, env, directory)
    return Look(peer.total(answer.decode()), wall_s, *cost)


def _cost(peer: Peer, env: Mapping[str, str], directory: Path) -> tuple[float, float]:
    """Processor time and memory of another call, measured by a process of its own that calls nothing else."""
    script = (
        "import json, resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *peer.command],
        env=env,
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
    )
    cpu_s, mib = json.loads(done.stdout)
    return cpu_s, mib


def truth(program: Path) -> None:
    """What each shows after each thing that users do, beside what the provider charged."""
    with stage(program, prepared(program)) as on, on.exporter.daemon(), serving(on.home) as server:
        folder = on.home.project
        tools = peers(program)
        names = " | ".join(peer.name for peer in tools)
        print(f"| after | charged | of that for titles | {names} |")
        _row("nothing yet", on, tools)
        original = server.ask(folder, "SCENARIO:twenty-steps")
        _row("a conversation with a sub-agent", on, tools)
        forks = fork_thrice(server, folder, original)
        _row("forking it three times", on, tools)
        server.prompt(folder, forks[0], "SCENARIO:cached")
        _row("going on in a fork", on, tools)
        server.delete(folder, original)
        _row("deleting the first conversation", on, tools)
        again = server.ask(folder, "SCENARIO:asks-child")
        server.prompt(folder, again, "SCENARIO:tools")
        _, second = messages(server, folder, again, "user")
        revert(server, folder, again, second)
        server.prompt(folder, again, "SCENARIO:hello")
        _row("undoing a turn and prompting anew", on, tools)
        for fork in forks:
            server.delete(folder, fork)
        _row("deleting the forks", on, tools)


def _row(after: str, on: Stage, tools: list[Peer]) -> None:
    env = on.exporter.environment()
    charged = sum(sum(charge.tokens.values()) for charge in counted(on.charges) if charge.tokens)
    everything = sum(sum(charge.tokens.values()) for charge in on.charges if charge.tokens)
    shown = []
    for peer in tools:
        try:
            shown.append(f"{look(peer, env, on.home.project).tokens:,.0f}")
        except (RuntimeError, ValueError, KeyError) as error:
            shown.append(f"({str(error).splitlines()[0][:60]})")
    print(f"| {after} | {everything:,} | {everything - charged:,} | {' | '.join(shown)} |", flush=True)


def size(program: Path) -> None:
    """What one look costs with 100,000 messages in OpenCode's database."""
    with scene() as on:
        on.paths.opencode_data.mkdir(parents=True)
        subprocess.run(
            [sys.executable, "-m", "tests.bench.peers", "write", str(on.paths.opencode_data / "opencode.db")],
            cwd=ROOT,
            env=on.env | {"PYTHONPATH": f"{ROOT / 'exporter'}:{ROOT}"},
            check=True,
        )
        began_s = time.perf_counter()
        on.run("import")
        print(f"opencode-stats import, once: {time.perf_counter() - began_s:.2f} s")
        print("| tool | tokens | one look, wall | processor | memory |")
        with daemon(on):
            for peer in peers(program):
                name = f"{peer.name}, daemon at work" if peer.total is _ours else peer.name
                _cost_row(name, peer, on.env, on.home)
        ours = peers(program)[0]
        _cost_row(f"{ours.name}, no daemon, nothing new", ours, on.env, on.home)


def _cost_row(name: str, peer: Peer, env: dict[str, str], directory: Path) -> None:
    try:
        looks = [look(peer, env, directory) for _ in range(ROUNDS)]
    except (RuntimeError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        print(f"| {name} | {str(error).splitlines()[0][:200]} |", flush=True)
        return
    wall_s, cpu_s = median([one.wall_s for one in looks]), median([one.cpu_s for one in looks])
    mib = max(one.mib for one in looks)
    print(f"| {name} | {looks[0].tokens:,.0f} | {wall_s:.2f} s | {cpu_s:.2f} s | {mib:.0f} MiB |", flush=True)


def main(words: list[str]) -> None:
    """Both parts, or the one that is named."""
    if words[:1] == ["write"]:
        write_v1(history(1, Size(messages=MESSAGES, era="v1", chances=CHANCES)), ROOT.__class__(words[1]))
        return
    program = fetched()
    parts: dict[str, Callable[[Path], Any]] = {"truth": truth, "size": size}
    for name, part in parts.items():
        if not words or name in words:
            print(f"== {name}, {time.strftime('%Y-%m-%d')}", flush=True)
            part(program)


if __name__ == "__main__":
    if "clean" in sys.argv:
        shutil.rmtree(FOLDER, ignore_errors=True)
    main([word for word in sys.argv[1:] if word != "clean"])
