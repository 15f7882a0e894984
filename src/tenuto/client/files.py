"""Files: what runs are given, and what they made."""

from collections.abc import Mapping
from urllib.parse import quote

from tenuto.client.shapes import Json
from tenuto.client.transport import Transport


class Files:
    """`client.files`. A file is the value that stands in an input or an output: `{"$file": …}`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def upload(
        self, content: bytes, name: str = "file", media_type: str = "application/octet-stream"
    ) -> dict[str, Json]:
        """What goes into an input as it is."""
        headers = {"Content-Type": media_type}
        return await self._transport.json(
            "POST", "/v1/files", params={"name": name}, content=content, headers=headers, safe=True
        )

    async def download(self, file: Mapping[str, Json] | str) -> bytes:
        identifier = file if isinstance(file, str) else str(file["$file"])
        return (await self._transport.ask("GET", f"/v1/files/{quote(identifier, safe='')}")).content
