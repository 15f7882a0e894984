"""The page of figures, from what `make bench` last measured: no figure in it is written by hand."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks/results.json"

PEERS = {
    "tenuto": "Tenuto",
    "bare_journal": "the bare journal",
    "langgraph_sqlite": "LangGraph, its SQLite saver",
    "dbos_sqlite": "DBOS on SQLite",
    "temporal_dev": "Temporal's development server",
}
# The work, as its kind and how many runs at once; and the least Tenuto wants to be of LangGraph and of DBOS.
WORK = {
    ("chain", 1): ("ten steps in a row, one run at a time", (3, 10)),
    ("chain", 50): ("ten steps in a row, 50 runs at once", (15, 50)),
    ("fan", 1): ("a hundred steps side by side, joined", (15, 100)),
}


def page(grid: Callable[[tuple[str, ...], Iterable[tuple[str, ...]]], str]) -> str:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    alone = {each["measure"]: each for each in results["alone"]}
    return "\n".join(
        [
            "# Figures\n",
            said_of(results["machine"]),
            "## Beside the peers\n",
            (
                "Every system did the same work, and every result was durable before the next step began. The bare journal"
                " writes the same facts into SQLite and does nothing else.\n"
            ),
            grid(("steps a second", *(said for said, _ in WORK.values())), peers(results["medians"])),
            grid(("how many times faster", "beside LangGraph", "beside DBOS"), ratios(results["medians"])),
            "## Alone\n",
            grid(("", "measured", "bar"), [*engine(alone), *service(alone["service"]), *agents(alone["agents"])]),
        ]
    )


def said_of(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"`make bench` measured them on {machine['date']}: {machine['system']} on {machine['cores']} cores of"
        f" {machine['architecture']}, Python {machine['python']}, all in one run, medians of rounds in turn. With {versions}.\n"
    )


def peers(medians: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(said, *(f"{steps_a_second(medians, peer, *work):,.0f}" for work in WORK)) for peer, said in PEERS.items()]


def ratios(medians: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(said, *against(medians, work, bars)) for work, (said, bars) in WORK.items()]


def against(medians: list[dict[str, Any]], work: tuple[str, int], bars: tuple[int, int]) -> tuple[str, ...]:
    ours = steps_a_second(medians, "tenuto", *work)
    theirs = (steps_a_second(medians, peer, *work) for peer in ("langgraph_sqlite", "dbos_sqlite"))
    return tuple(
        met(f"{ours / peer:.1f}", f"at least {bar}", holds=ours / peer >= bar)
        for peer, bar in zip(theirs, bars, strict=True)
    )


def steps_a_second(medians: list[dict[str, Any]], peer: str, kind: str, at_once: int) -> float:
    return next(
        each["steps_s"] for each in medians if (each["peer"], each["kind"], each["conc"]) == (peer, kind, at_once)
    )


def met(figure: str, bar: str, *, holds: bool) -> str:
    return f"{kept(figure, holds=holds)} ({bar})"


def engine(alone: dict[str, dict[str, Any]]) -> list[tuple[str, str, str]]:
    startup, waiting, journal = alone["startup"], alone["waiting"], alone["large_journal"]
    return [
        (
            "`tenuto run` of two nodes, the whole process, beside `import fastapi`",
            f"{startup['ratio']} times",
            f"{startup['bar']} times",
        ),
        (
            f"{waiting['runs']:,} waiting runs",
            f"{waiting['resident_mb']} MB, {waiting['idle_cpu_percent']:.1f} % of a core",
            f"{waiting['resident_bar_mb']} MB, {waiting['idle_cpu_bar_percent']} %",
        ),
        (
            f"a start in a journal of {journal['facts']:,} facts, beside an empty one (p95)",
            f"{journal['ratio']} times",
            f"{journal['bar']} times",
        ),
        ("opening that journal", f"{journal['reopen_s']} s", f"{journal['reopen_bar_s']} s"),
    ]


def service(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    start, look = found["start_ratio"], found["look_ratio"]
    slower = found["watched_by_500_s"] / found["watched_alone_s"] - 1
    healthy, idle = found["healthy_s"], found["idle_mb"]
    return [
        ("starts over HTTP, durable, beside an empty POST of FastAPI", kept(f"{start:.0%}", holds=start >= 0.4), "40%"),
        ("looks at a run, beside the same", kept(f"{look:.0%}", holds=look >= 0.5), "50%"),
        ("what 500 readers cost the run that they follow", kept(f"{slower:.0%}", holds=slower <= 0.1), "10%"),
        ("`tenuto up` to healthy", kept(f"{healthy} s", holds=healthy <= 2), "2 s"),
        ("the idle server", kept(f"{idle:.0f} MB", holds=idle <= 150), "150 MB"),
    ]


def agents(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    bars = found["bars"]
    least, turn, commits, word = (bars[name] for name in ("ratio", "turn_ms", "commits_a_step", "first_token_added_ms"))
    added = found["first_token_added_ms"]
    return [
        (
            "an agent of ten turns, beside LangGraph's with its SQLite saver",
            kept(f"{found['ratio']} times faster", holds=found["ratio"] >= least),
            f"{least} times",
        ),
        ("what a turn of an agent costs", kept(f"{found['turn_ms']} ms", holds=found["turn_ms"] <= turn), f"{turn} ms"),
        (
            "commits a step of an agent",
            kept(f"{found['commits_a_step']:g}", holds=found["commits_a_step"] <= commits),
            f"{commits}",
        ),
        ("added to the first word of a model", kept(f"{added} ms", holds=added <= word), f"{word} ms"),
    ]


def kept(figure: str, *, holds: bool) -> str:
    return figure if holds else f"**{figure}, short of its bar**"
