"""Files in the blob store, see `ports.files`. An id is the hash of the content with its name and media type, sealed.

What a person hands in belongs to the day on which that happened; a run that takes it up becomes an owner too. After some
days the day is forgotten, and with it what no run owns.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tenuto.ports.blobs import Blobs, Contents
from tenuto.ports.files import File, NoSuchFile, mentioned
from tenuto.service.aside import aside, weight_of

_SEAL = 16
_HASH = 32
_DAY: Final = 86_400
KEPT_DAYS: Final = 7
_LOOKED_BACK: Final = 30  # days: a server that was off for longer keeps what was handed in before
_NAME: Final = 200  # characters
_UNNAMED: Final = ("application/octet-stream", "file")


class FileReader:
    """`key`: the secret of this data directory with which ids are sealed."""

    def __init__(self, contents: Contents, key: bytes) -> None:
        self._contents = contents
        self._key = key

    async def open(self, identifier: object, *, tenant: str) -> File:
        digest, (media_type, name) = self._open(identifier, tenant)
        try:
            return File(await self._contents.get(digest), name, media_type)
        except KeyError:
            raise NoSuchFile("there is no such file") from None

    def _open(self, identifier: object, tenant: str) -> tuple[str, tuple[str, str]]:
        try:
            text = identifier.encode() if isinstance(identifier, str) else b""
            raw = base64.b64decode(text + b"=" * (-len(text) % 4), b"-_", validate=True)
        except ValueError:
            raw = b""
        digest, seal, about = raw[:_HASH], raw[_HASH : _HASH + _SEAL], raw[_HASH + _SEAL :]
        if len(seal) != _SEAL or not hmac.compare_digest(seal, self._mac(digest, about, tenant)):
            raise NoSuchFile("there is no such file")
        return digest.hex(), _about(about)

    def _mac(self, digest: bytes, about: bytes, tenant: str) -> bytes:
        sealed = digest + tenant.encode() + (b"\0" + about if about else b"")
        return hmac.new(self._key, sealed, hashlib.sha256).digest()[:_SEAL]


class FileStore(FileReader):
    def __init__(self, blobs: Blobs, key: bytes, clock: Callable[[], float] = time.time) -> None:
        super().__init__(blobs, key)
        self._blobs = blobs
        self._clock = clock

    async def save(self, content: bytes, *, name: str, media_type: str, tenant: str, run: str) -> dict[str, Any]:
        digest = await self._blobs.put(content, owner=run or _handed_in(self._clock()))
        about = json.dumps([media_type[:_NAME], name[:_NAME]]).encode()
        identifier = self._seal(bytes.fromhex(digest), about, tenant)
        return {"$file": identifier, "name": name[:_NAME], "media_type": media_type[:_NAME], "size": len(content)}

    async def read(self, value: Mapping[str, Any] | str, *, tenant: str) -> bytes:
        """The content of a file value, or of its id."""
        return (await self.open(value if isinstance(value, str) else value.get("$file"), tenant=tenant)).content

    async def take_up(self, value: Any, *, tenant: str, run: str) -> None:
        for said in await _mentioned(value):
            content = await self.read(said, tenant=tenant)
            await self._blobs.put(content, owner=run)

    async def adopt(self, value: Any, *, tenant: str, run: str) -> None:
        """As `take_up`, of values that another run holds: what is gone is gone."""
        for said in await _mentioned(value):
            try:
                await self.take_up({"$file": said["$file"]}, tenant=tenant, run=run)
            except NoSuchFile:
                continue

    async def sweep(self) -> None:
        now = self._clock()
        for days in range(KEPT_DAYS + 1, _LOOKED_BACK):
            await self._blobs.disown(_handed_in(now - days * _DAY))

    def _seal(self, digest: bytes, about: bytes, tenant: str) -> str:
        return base64.urlsafe_b64encode(digest + self._mac(digest, about, tenant) + about).decode().rstrip("=")


def _handed_in(at: float) -> str:
    """Who owns what a person hands in: the day."""
    return f"handed-in:{int(at // _DAY)}"


def _about(about: bytes) -> tuple[str, str]:
    """Sealed by us, so it is what we wrote; an early id has neither name nor media type."""
    if not about:
        return _UNNAMED
    media_type, name = json.loads(about)
    return media_type, name


async def _mentioned(value: Any) -> list[dict[str, Any]]:
    return await aside(weight_of(value), lambda: list(mentioned(value)))
