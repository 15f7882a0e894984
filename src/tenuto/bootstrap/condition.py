"""How the store of a data directory is, looked at without touching it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tenuto.stores.sql.opening import FILE
from tenuto.stores.sql.schema import VERSION_TABLE
from tenuto.stores.sql.tables import REVISION


@dataclass(slots=True, frozen=True)
class StoreCondition:
    """`revision`: of its tables; None where it has none. `expected`: what this program makes of them when it starts."""

    file: Path
    revision: str | None
    expected: str
    trouble: str = ""


def store_condition(data: Path) -> StoreCondition | None:
    """None where there is none yet. Of SQLite alone: a PostgreSQL is asked by the server's own health."""
    file = data / FILE
    if not file.exists():
        return None
    try:
        with sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True) as db:
            row = db.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608  a name of ours
            damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        db.close()
    except sqlite3.Error as error:
        return StoreCondition(file, None, REVISION, str(error))
    return StoreCondition(file, row[0] if row else None, REVISION, "" if damage == "ok" else damage)
