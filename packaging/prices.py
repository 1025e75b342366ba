"""Makes the bundled price lists anew: ``make prices``, by hand.

First comes the snapshot of models.dev that is inside OpenCode itself, the release that the tests drive; for models that
it does not have, LiteLLM's table out of its wheel (MIT). Facts only: model, prices, source and date.

The snapshot is read out of OpenCode's program, because ``opencode models`` shows a model without a price as one that
costs nothing. That the two say the same otherwise is checked here against ``opencode serve``.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
TARGET: Final = REPOSITORY / "exporter" / "opencode_stats" / "opencode" / "prices.json"
PATIENCE_S: Final = 60
MOST_APART: Final = 0
# `n.sync(()=>({deepinfra:{id:"deepinfra",env:["…"],…}, …}))`
_BEGINNING: Final = re.compile(rb'\(\)=>\((?=\{"?[\w.-]+"?:\{id:"[\w.-]+",env:\[)')
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`(?:[^`\\]|\\.)*`|[{}]')
_TABLE: Final = "litellm/model_prices_and_context_window_backup.json"
_ABOVE: Final = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
_PER_MILLION: Final = 1_000_000
_DIGITS: Final = 9
PROVIDERS: Final = {
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "amazon-bedrock",
    "bedrock_converse": "amazon-bedrock",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks-ai",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together_ai": "togetherai",
    "vertex_ai-anthropic_models": "google-vertex-anthropic",
    "vertex_ai-language-models": "google-vertex",
    "xai": "xai",
    "zai": "zai",
}
"""LiteLLM's name of a provider → OpenCode's."""

Row = list[Any]
Table = dict[str, dict[str, Row]]


def main() -> None:
    """Writes the file, and says what is in it."""
    sys.path.insert(0, str(REPOSITORY))
    from tests.e2e.rig.fetch import VERSION, fetched  # noqa: PLC0415 - found only from here on

    program = fetched()
    snapshot = inside_opencode(program.read_bytes())
    catalogue = {provider: provider_rows(one["models"]) for provider, one in sorted(snapshot.items())}
    compared = compare(program, catalogue)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = fetch_litellm(Path(scratch))
        older, version = litellm_rows(wheel, catalogue), wheel.name.split("-")[1]
    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 - a script of the developer's
    lists = [
        {
            "list": "snapshot",
            "source": f"models.dev, as it is inside opencode-ai {VERSION}",
            "date": max(model["last_updated"] for one in snapshot.values() for model in one["models"].values()),
            "providers": catalogue,
        },
        {"list": "litellm", "source": f"LiteLLM {version} (MIT)", "date": today, "providers": older},
    ]
    TARGET.write_text(as_text(lists), "utf-8")
    size_kib = TARGET.stat().st_size / 1024
    print(f"{TARGET.name}: {size_kib:.0f} KiB; {compared} prices are as opencode serve has them")  # noqa: T201 - a script
    for one in lists:
        models = sum(map(len, one["providers"].values()))  # type: ignore[union-attr]
        print(f"  {one['source']}, {one['date']}: {len(one['providers'])} providers, {models} models")  # noqa: T201


def inside_opencode(program: bytes) -> dict[str, Any]:
    """The object that OpenCode falls back on when it can't fetch models.dev; Node reads it, it is JavaScript."""
    begun = [match.end() for match in _BEGINNING.finditer(program)]
    if len(begun) != 1:
        sys.exit(f"There are {len(begun)} places in OpenCode that look like its price list, not 1. Look at _BEGINNING.")
    depth = 0
    for token in _TOKEN.finditer(program, begun[0]):
        depth += {b"{": 1, b"}": -1}.get(token.group(), 0)
        if not depth:
            literal = program[begun[0] : token.end()]
            break
    with tempfile.NamedTemporaryFile(suffix=".js") as script:
        script.write(b"process.stdout.write(JSON.stringify(" + literal + b"))")
        script.flush()
        done = subprocess.run(["node", script.name], capture_output=True, check=True)  # noqa: S603, S607 - the developer's
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def provider_rows(models: dict[str, Any]) -> dict[str, Row]:
    """Model → prices; a model without any is left out."""
    return {name: row_of(model["cost"]) for name, model in sorted(models.items()) if model.get("cost")}


def row_of(cost: dict[str, Any]) -> Row:
    """``[input, output, cache read, cache write, [above, …the same…], …]``, US dollars a million, no zeros last."""
    steps = {tier["tier"]["size"]: tier for tier in cost.get("tiers", ()) if tier["tier"]["type"] == "context"}
    if "context_over_200k" in cost and not any(size <= 200_000 for size in steps):  # noqa: PLR2004 - OpenCode's own name
        steps[200_000] = cost["context_over_200k"]
    base = last = rate(cost)
    different: Row = []
    for size in sorted(steps):
        if rate(steps[size]) != last:
            last = rate(steps[size])
            different.append([size, *last])
    return [*(base + [0] * 4)[:4], *different] if different else base


def rate(cost: dict[str, Any]) -> Row:
    """The four prices."""
    numbers = [plain(cost.get(name) or 0) for name in ("input", "output", "cache_read", "cache_write")]
    while len(numbers) > 2 and not numbers[-1]:  # noqa: PLR2004 - input and output are always said
        numbers.pop()
    return numbers


def plain(price: float) -> float:
    """Without the noise of a float that was computed, and whole numbers as such."""
    rounded = round(price, _DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def compare(program: Path, catalogue: Table) -> int:
    """Ends the script where OpenCode itself shows another price; gives the number of those that are the same."""
    same, wrong = 0, []
    for model in served(program):
        ours = catalogue[model["providerID"]].get(model["key"])
        if ours is None:
            continue
        cost = model["cost"]
        said = {**cost, "cache_read": cost["cache"]["read"], "cache_write": cost["cache"]["write"], "tiers": ()}
        if rate(said) == rate(dict(zip(("input", "output", "cache_read", "cache_write"), ours, strict=False))):
            same += 1
        else:
            wrong.append(f"{model['providerID']}/{model['key']}: {ours} is {rate(said)} in OpenCode")
    # Providers that are connected without a key (OpenCode's own free models) may be shown at another price.
    if len(wrong) > MOST_APART:
        sys.exit("\n".join(wrong[:20]))
    return same


def served(program: Path) -> list[dict[str, Any]]:
    """Every model as ``opencode serve`` lists it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "PATH": os.defpath, "OPENCODE_DISABLE_MODELS_FETCH": "1"}
        url = f"http://127.0.0.1:{port}/provider"
        server = subprocess.Popen([program, "serve", "--port", str(port)], env=environment, cwd=home)  # noqa: S603
        try:
            give_up_s = time.monotonic() + PATIENCE_S
            while True:
                try:
                    with urllib.request.urlopen(url, timeout=10) as answer:
                        return [
                            {"key": key, "providerID": provider["id"], "cost": model["cost"]}
                            for provider in json.load(answer)["all"]
                            for key, model in provider["models"].items()
                        ]
                except OSError:
                    if time.monotonic() > give_up_s:
                        raise
                    time.sleep(0.2)
        finally:
            server.terminate()
            server.wait()


def fetch_litellm(folder: Path) -> Path:
    """LiteLLM's newest wheel, as the user configured pip."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder)]
    subprocess.run([*command, "litellm"], check=True)  # noqa: S603 - the developer's own
    return next(folder.glob("litellm-*.whl"))


def litellm_rows(wheel: Path, known: Table) -> Table:
    """What LiteLLM knows of models that OpenCode has no price of, under the names that OpenCode gives them."""
    table = json.loads(zipfile.ZipFile(wheel).read(_TABLE))
    found: Table = {}
    for name, one in sorted(table.items()):
        provider = PROVIDERS.get(one.get("litellm_provider", ""))
        if provider is None or one.get("mode") not in ("chat", "responses", "completion"):
            continue
        if not one.get("input_cost_per_token") or "output_cost_per_token" not in one:
            continue
        bare = name.removeprefix(f"{one['litellm_provider']}/")
        if bare not in known.get(provider, {}):
            found.setdefault(provider, {}).setdefault(bare, row_of(as_models_dev(one)))
    return found


def as_models_dev(one: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's prices a token as models.dev has them."""

    def prices(suffix: str, fall_back: dict[str, float]) -> dict[str, float]:
        names = {
            "input": "input_cost_per_token",
            "output": "output_cost_per_token",
            "cache_read": "cache_read_input_token_cost",
            "cache_write": "cache_creation_input_token_cost",
        }
        return {
            kind: one[name + suffix] * _PER_MILLION if name + suffix in one else fall_back.get(kind, 0)
            for kind, name in names.items()
        }

    base = prices("", {})
    sizes = [match.group(1) for match in map(_ABOVE.fullmatch, one) if match]
    tiers = [
        {**prices(f"_above_{size}k_tokens", base), "tier": {"type": "context", "size": int(size) * 1000}}
        for size in sizes
    ]
    return {**base, "tiers": tiers}


def as_text(lists: list[dict[str, Any]]) -> str:
    """JSON, one line a provider, so that a change can be read as one."""
    written = []
    for one in lists:
        head = json.dumps({key: value for key, value in one.items() if key != "providers"})[:-1]
        rows = ",\n".join(
            f"{json.dumps(provider)}: {json.dumps(models, separators=(',', ':'), ensure_ascii=False)}"
            for provider, models in sorted(one["providers"].items())
            if models
        )
        written.append(f'{head}, "providers": {{\n{rows}\n}}}}')
    return "[\n" + ",\n".join(written) + "\n]\n"


if __name__ == "__main__":
    main()
