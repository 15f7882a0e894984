"""Files: content that runs and people refer to by `{"$file": id, name, media_type, size}`.

An id is issued by us and opaque, sealed for one tenant. Whoever makes one up, or brings one of another tenant, is told
that there is no such file; which of the two it is, is nobody's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast


class NoSuchFile(Exception):
    """Not a file of this tenant, or no file at all."""


@dataclass(slots=True, frozen=True)
class File:
    """What an id stands for. Name and media type are as they were said when it was stored: believe neither."""

    content: bytes
    name: str
    media_type: str


class KeptFiles(Protocol):
    """Files as far as they are read."""

    async def open(self, identifier: object, *, tenant: str) -> File:
        """What is stored under the id. Raises `NoSuchFile`."""
        ...


class Files(KeptFiles, Protocol):
    async def save(self, content: bytes, *, name: str, media_type: str, tenant: str, run: str) -> dict[str, Any]:
        """Durable when this returns; the value that refers to it. `run`: for as long as it is there, the content is.
        "": it was handed in by a person, and stays until a run takes it up or for some days."""
        ...

    async def take_up(self, value: Any, *, tenant: str, run: str) -> None:
        """Keep every file that the value mentions for as long as the run is there. Raises `NoSuchFile`."""
        ...

    async def sweep(self) -> None:
        """Forget what was handed in some days ago and never taken up."""
        ...


def mentioned(value: Any) -> Iterator[dict[str, Any]]:
    """Every value `{"$file": id, …}` in a JSON value, as it stands there: whoever made it may have made it up."""
    pending: list[Any] = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            members = cast("dict[str, Any]", here)
            if isinstance(members.get("$file"), str):
                yield members
            pending.extend(members.values())
        elif isinstance(here, list):
            pending.extend(cast("list[Any]", here))
