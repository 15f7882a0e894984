"""How a journal on disk notices that a fact is not what was written: one checksum and one complaint for all of them.

The checksum is over the run, the number, the type, the time and the body, so that a row which is whole but stands in the
wrong place is noticed too. Journals that were written keep it: it never changes.
"""

import zlib
from collections.abc import Iterable

from tenuto.ports.journal import Damaged, Row

# seq, type, at, checksum, body: a fact as a table has it.
StoredFact = tuple[int, str, float, int, bytes]


def checksum(run: str, seq: int, type_: str, at: float, body: bytes) -> int:
    place = f"{run}\n{seq}\n{type_}\n{at!r}".encode(errors="surrogatepass")
    return zlib.crc32(body, zlib.crc32(place))


def checked(run: str, after: int, found: Iterable[StoredFact]) -> list[Row]:
    """The facts that follow `after`, gapless and as they were written, or `Damaged`."""
    rows: list[Row] = []
    for due, (seq, type_, at, crc, body) in enumerate(found, after + 1):
        if seq != due:
            raise damaged(run, f"fact {due} is missing")
        if checksum(run, seq, type_, at, body) != crc:
            raise damaged(run, f"fact {seq} is not what was written")
        rows.append(Row(seq, type_, at, body))
    return rows


def damaged(run: str, what: str) -> Damaged:
    return Damaged(
        f"The journal of the run {run} is damaged: {what}. Restore a backup; `tenuto doctor` shows the extent."
    )
