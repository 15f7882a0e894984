"""Files as the nodes of one run see them."""

import io
from typing import BinaryIO

from tenuto.hosts.local.owner import Asker
from tenuto.ports.files import NoSuchFile
from tenuto.sdk.context import FileRef
from tenuto.sdk.errors import NodeError


class RunFiles:
    """Its tenant's."""

    def __init__(self, attempt: Asker) -> None:
        self._attempt = attempt

    async def put(self, content: bytes, *, name: str = "file", media_type: str = "application/octet-stream") -> FileRef:
        about, store = self._attempt.owner.state.about, self._attempt.owner.services.files
        return await store.save(content, name=name, media_type=media_type, tenant=about.tenant, run=about.run)

    async def get(self, file: FileRef) -> bytes:
        about, store = self._attempt.owner.state.about, self._attempt.owner.services.files
        try:
            return await store.read(file, tenant=about.tenant)
        except NoSuchFile as error:
            raise NodeError(str(error), type="file", retry=False) from None

    async def open(self, file: FileRef) -> BinaryIO:
        return io.BytesIO(await self.get(file))
