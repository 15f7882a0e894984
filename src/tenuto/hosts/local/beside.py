"""Flows without a server: `call: {flow: NAME}` means the file `NAME.yaml` beside the document that says so.

What an agent that was given a task by itself may call stands `here`: its run came from no file.
"""

import asyncio
import re
from pathlib import Path

from tenuto.core.flow import Library
from tenuto.ports.flows import Found, NoSuchFlow

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ENDINGS = (".yaml", ".yml", ".json")


class FlowsBeside:
    """A version is the text itself: its hash. Older texts are found where they were kept, which is not here."""

    def __init__(self, library: Library | None = None, here: Path | None = None) -> None:
        self._library, self._here = library, here

    async def find(
        self, name: str, version: str | None, *, stage: str, tenant: str, beside: str | None = None
    ) -> Found:
        del stage, tenant  # files know neither
        folder = self._here if beside is None else Path(beside).parent
        if folder is None:
            raise NoSuchFlow(
                f"`{name}` is looked for beside the document that calls it, and that one came from no file"
            )
        if not _NAME.fullmatch(name):
            raise NoSuchFlow(f"`{name}` is no name of a flow: lower case and dashes")
        found = await asyncio.to_thread(self._read, name, folder)
        if version is not None and version != found.version:
            raise NoSuchFlow(
                f"version {version} of `{name}` is not kept: {found.file} is the version {found.version[:12]}"
            )
        return found

    def _read(self, name: str, folder: Path) -> Found:
        file = next((path for ending in _ENDINGS if (path := folder / (name + ending)).is_file()), None)
        if file is None:
            raise NoSuchFlow(f"there is no {name}.yaml in {folder}")
        from tenuto.documents import load  # brings YAML, which a run without calls does not need

        try:
            content = file.read_bytes()
        except OSError as error:
            raise NoSuchFlow(f"{file} cannot be read: {error.strerror or error}") from None
        loaded = load(content, library=self._library)
        if loaded.flow is None:
            raise NoSuchFlow(f"{file} has problems: {loaded.errors[0]}")
        return Found(loaded.flow, loaded.flow.hash, str(file))
