"""The whole process of `tenuto run` on a flow of two nodes, beside `python -c "import fastapi"`. Prints one JSON line.

Bar: at most three times as long.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import fresh_folder

FLOW = """\
flow: two
nodes:
  hello: {use: debug.echo, with: {value: hello}}
  shout: {use: set, with: {value: "${hello}!"}}
output: ${shout}
"""
ROUNDS = 15
# Compiled once, as on any machine where this variable is not set.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main() -> None:
    tenuto = Path(sys.executable).with_name("tenuto")
    with fresh_folder() as folder:
        Path(folder, "two.yaml").write_text(FLOW)
        ours = [str(tenuto), "run", "two.yaml", "--json"]
        theirs = [sys.executable, "-c", "import fastapi"]
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        for turn in range(ROUNDS + 1):
            for name, command in (("ours", ours), ("theirs", theirs)):
                took = timed(command, folder)
                if turn:  # the first finds nothing in the cache of files
                    times[name].append(took)
    run, load = statistics.median(times["ours"]), statistics.median(times["theirs"])
    figures = {"run_ms": round(run), "import_fastapi_ms": round(load), "ratio": round(run / load, 2), "bar": 3}
    print(json.dumps({"measure": "startup", **figures}))


def timed(command: list[str], folder: str) -> float:
    """Milliseconds from start to end of the process."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    took = 1000 * (time.perf_counter() - began)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return took


if __name__ == "__main__":
    main()
