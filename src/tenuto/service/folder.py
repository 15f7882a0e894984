"""A folder of flows that is the source: whatever stands in it is saved as versions and published to the stage `dev`."""

import asyncio
import os
from pathlib import Path
from typing import Final

from tenuto.ports.store import Store
from tenuto.service import flows, publications
from tenuto.service.flows import JSON, YAML
from tenuto.service.platform import Platform
from tenuto.service.published import DEFAULT_STAGE
from tenuto.service.shelf import Shelf
from tenuto.service.watching import Content, Say, Watched

ENDINGS: Final = (".yaml", ".yml", ".json")


async def load(platform: Platform, path: Path, say: Say) -> "Folder":
    """Take in what the folder holds now; `watch` of what is returned goes on from there."""
    folder = Folder(path, platform.flows, platform.store, say)
    await folder.look(patient=False)
    return folder


async def watch(platform: Platform, path: Path, stop: asyncio.Event, say: Say) -> None:
    """Take in what the folder holds, now and whenever it changes, until it is told to stop."""
    await (await load(platform, path, say)).watch(stop)


class Folder(Watched):
    """Its flows belong to the tenant of those who work here."""

    def __init__(self, path: Path, shelf: Shelf, store: Store, say: Say) -> None:
        super().__init__(path, "flow", shelf.sources, say)
        self.shelf = shelf
        self.store = store

    def files(self) -> list[Path]:
        with os.scandir(self.path) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.name.endswith(ENDINGS) and not entry.name.startswith(".") and entry.is_file()
            ]

    async def read(self, path: Path, content: bytes) -> Content:
        checked = await flows.read(content, JSON if path.suffix == ".json" else YAML, self.shelf.library)
        return Content(checked.name, checked.loaded.errors if checked.loaded.flow is None else (), checked)

    async def save(self, content: Content, shown: str) -> tuple[int, bool]:
        async with self.store.write() as tx:
            saved = await flows.save(self.shelf, tx, self.who, content.checked, file=shown)
            await publications.publish(self.shelf, tx, self.who, content.name, DEFAULT_STAGE, saved.version, file=shown)
        assert saved.version is not None  # only a draft has none
        return saved.version, saved.new
