"""Notes on runs: what people say about one to each other. The run knows nothing of them."""

from tenuto.ports.notes import Note
from tenuto.ports.records import Page
from tenuto.ports.store import Transaction
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment

Json = object

LONGEST = 10_000  # characters


async def add(platform: Platform, tx: Transaction, who: Principal, word: str, text: str) -> Note:
    if not text.strip() or len(text) > LONGEST:
        raise Refused("invalid", f"a note is 1 to {LONGEST:,} characters")
    entry = await named(platform.archive, who.tenant, word)
    note = Note(who.tenant, entry.id, platform.names.run_id(), text, who.by, platform.clock())
    await tx.notes.add(note)
    return note


async def listing(
    platform: Platform, tx: Transaction, who: Principal, word: str, *, limit: int = 50, cursor: str | None = None
) -> Page[Note]:
    """Oldest first."""
    entry = await named(platform.archive, who.tenant, word)
    return await tx.notes.list(who.tenant, entry.id, limit=limit, cursor=cursor)


def note_json(note: Note) -> dict[str, Json]:
    return {"id": note.id, "run": note.run, "text": note.text, "by": note.by, "at": moment(note.at)}
