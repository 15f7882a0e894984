"""A copy of everything in a data directory, taken while it is in use.

The journal is copied first: what the store says of later moments (a claim for a run that is not in the journal yet) is
completed by who asks again, and the other way round it would be done twice. All that was acknowledged before the copy
began is in it. What the copy looks like is in `service.copies`.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tenuto.service.copies import JOURNAL, STORE, pack
from tenuto.settings import Settings

CopyJournal = Callable[[Path], Awaitable[None]]


async def back_up(settings: Settings, copy_journal: CopyJournal, target: Path) -> None:
    """`copy_journal` is the owner's: it writes a whole journal to a new file."""
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as made:
        folder = Path(made)
        await copy_journal(folder / JOURNAL)
        if (settings.data / STORE).exists():
            await _copy_store(settings, folder / STORE)
        await asyncio.to_thread(pack, settings.data, folder, target)


async def _copy_store(settings: Settings, target: Path) -> None:
    from tenuto.stores.sql import open_store

    store = await open_store(settings.data)
    try:
        await store.backup(target)
    finally:
        await store.close()
