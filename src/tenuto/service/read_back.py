"""Facts out of the rows of a journal, a long history without holding others up."""

from collections.abc import Mapping, Sequence

from tenuto.core.events import Fact
from tenuto.ports.codec import decode
from tenuto.ports.journal import Row
from tenuto.service.aside import FACT, aside


async def read_back(rows: Sequence[Row], blobs: Mapping[str, bytes]) -> list[tuple[int, Fact]]:
    """Each with its seq. `blobs`: at least those that the rows refer to."""
    size = sum(len(row.body) for row in rows) + sum(map(len, blobs.values()))
    weight = len(rows) * FACT + size // 10
    return await aside(weight, _decoded, rows, blobs)


def _decoded(rows: Sequence[Row], blobs: Mapping[str, bytes]) -> list[tuple[int, Fact]]:
    return [(row.seq, decode(row.type, row.body, blobs)) for row in rows]
