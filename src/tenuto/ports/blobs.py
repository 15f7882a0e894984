"""Content by its hash: documents, large values, files. Written once, never changed, checked whenever it is read."""

from typing import Protocol


class Contents(Protocol):
    """Blobs as far as they are read."""

    async def get(self, digest: str) -> bytes:
        """The content; `KeyError` if there is none, `Damaged` if it is not what was written."""
        ...


class Blobs(Contents, Protocol):
    async def put(self, content: bytes, owner: str = "") -> str:
        """Keep the content, durable when this returns; answer its sha256 in hex. `owner`: the run that refers to it."""
        ...

    async def disown(self, owner: str) -> None:
        """The owner, which is no run, refers to nothing any more; what nobody else refers to is forgotten."""
        ...
