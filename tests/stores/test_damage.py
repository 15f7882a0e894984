"""R06: a flipped bit or a cut file is noticed, or did no harm; never is a history silently shorter or different.

Three states of a data directory: left in order; killed with everything in the log; killed while the log was being
folded in, so that the database alone is a mixture of old and new pages.
"""

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Damaged, Newer, Row, RunEntry, RunQuery
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.stores.journal_sqlite.head import Head, mark_in
from tenuto.testing.journal_conformance import entry, fact, keep

RUNS = [f"run-{number}" for number in range(12)]
BLOB = bytes(range(256)) * 300
PAGE = 4096
CASES = 170  # of each state; 510 in all

Content = tuple[list[RunEntry], list[list[Row]], bytes]


async def write(journal: SqliteJournal, first: int, last: int) -> None:
    """Facts of several sizes, in turns, so that every run has rows on many pages."""
    for seq in range(first, last + 1):
        for number, run in enumerate(RUNS):
            body = f"{run}/{seq}/".encode() * (1 + (seq * number) % 29)
            await keep(journal, run, [fact(seq, body=body)], line=entry(run, number) if seq == 1 else None)
    await keep(journal, RUNS[0], blobs=[(digest_of(BLOB), BLOB)])


async def content(directory: Path) -> Content:
    """Everything that a journal holds."""
    async with SqliteJournal(directory) as journal:
        lines = await journal.runs(RunQuery(limit=500))
        return lines, [await journal.read(run) for run in RUNS], await journal.get(digest_of(BLOB))


async def states(place: Path) -> dict[str, Path]:
    """Copies of one data directory, taken at three moments."""
    live = place / "live"
    journal = SqliteJournal(live)
    await write(journal, 1, 6)
    await journal.close()
    journal = SqliteJournal(live)
    await write(journal, 7, 12)
    killed = copied(live, place / "killed")
    await journal.close()
    left = copied(live, place / "left")
    return {"left in order": left, "killed": killed, "killed while folding": folding(killed, left, place / "folding")}


def copied(source: Path, target: Path) -> Path:
    target.mkdir()
    for name in ("journal.db", "journal.db-wal", "journal.head"):
        if (source / name).exists():
            shutil.copy(source / name, target / name)
    return target


def folding(killed: Path, left: Path, target: Path) -> Path:
    """The log is whole; of the database, every second page has been renewed from it."""
    copied(killed, target)
    old, new = (killed / "journal.db").read_bytes(), (left / "journal.db").read_bytes()
    pages = [(new if at // PAGE % 2 else old)[at : at + PAGE] for at in range(0, len(new), PAGE)]
    (target / "journal.db").write_bytes(b"".join(pages))
    mark = mark_in(killed / "journal.head")
    assert mark is not None
    Head(target / "journal.head", mark.identity).note(mark.commits, frames_of(killed), mark.pages)
    return target


def frames_of(directory: Path) -> int:
    """How many pages the log really holds: up to the first that is not of its generation."""
    log = (directory / "journal.db-wal").read_bytes()
    salt, count = log[16:24], 0
    while log[32 + count * (PAGE + 24) + 8 : 32 + count * (PAGE + 24) + 16] == salt:
        count += 1
    return count


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    memory = Path("/dev/shm")
    directory = Path(tmp_path_factory.mktemp("damage")) if not memory.is_dir() else memory / f"tenuto-{random.random()}"
    directory.mkdir(exist_ok=True)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def prepared(place: Path) -> dict[str, Path]:
    return asyncio.run(states(place))


def damage(directory: Path, dice: random.Random) -> str:
    """Flip one bit, or cut one file short, anywhere."""
    path = dice.choice([path for path in sorted(directory.iterdir()) if path.stat().st_size])
    data = bytearray(path.read_bytes())
    if dice.random() < 0.6:
        at = dice.randrange(len(data))
        data[at] ^= 1 << dice.randrange(8)
        what = f"bit of byte {at} in {path.name}"
    else:
        del data[dice.randrange(len(data)) :]
        what = f"{path.name} cut to {len(data)}"
    path.write_bytes(data)
    return what


def outcome(directory: Path, expected: Content) -> str:
    try:
        found = asyncio.run(content(directory))
    except (Damaged, Newer) as error:
        return "noticed" if str(directory) in str(error) or "journal of the run" in str(error) else f"unclear: {error}"
    return "harmless" if found == expected else "SILENTLY DIFFERENT"


@pytest.mark.parametrize("state", ["left in order", "killed", "killed while folding"])
def test_damage_is_noticed_or_harmless(prepared: dict[str, Path], place: Path, state: str):
    """Of 170 damages each: either a sentence that names the place, or everything reads back equal."""
    expected = asyncio.run(content(copied(prepared[state], place / f"{state}, whole")))
    counts: Counter[str] = Counter()

    for number in range(CASES):
        directory = copied(prepared[state], place / f"{state} {number}")
        dice = random.Random(f"{state} {number}")
        what = damage(directory, dice)
        result = outcome(directory, expected)
        counts[result] += 1
        assert result in {"noticed", "harmless"}, f"{number}: {what}: {result}"
        shutil.rmtree(directory)

    assert counts["noticed"] > CASES // 5, counts
