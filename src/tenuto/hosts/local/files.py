"""Files of nodes: the content in the blob store, in values only `{"$file": id, name, media_type, size}`.

An id is issued by us and opaque: the hash of the content, sealed for one tenant. Whoever makes one up, or brings one of
another tenant, is told that there is no such file.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, cast

from tenuto.ports.blobs import Blobs

_SEAL = 16
_HASH = 32


class NoSuchFile(Exception):
    """Not a file of this tenant, or no file at all; which of the two is nobody's business."""


class FileStore:
    """`key`: the secret of this data directory with which ids are sealed."""

    def __init__(self, blobs: Blobs, key: bytes) -> None:
        self._blobs = blobs
        self._key = key

    async def save(self, content: bytes, *, name: str, media_type: str, tenant: str, run: str) -> dict[str, Any]:
        digest = await self._blobs.put(content, owner=run)
        return {"$file": self._seal(digest, tenant), "name": name, "media_type": media_type, "size": len(content)}

    async def read(self, value: Mapping[str, Any] | str, *, tenant: str) -> bytes:
        """The content of a file value, or of its id."""
        identifier = value if isinstance(value, str) else value.get("$file")
        digest = self._open(identifier, tenant)
        try:
            return await self._blobs.get(digest)
        except KeyError:
            raise NoSuchFile("there is no such file") from None

    async def adopt(self, value: Any, *, tenant: str, run: str) -> None:
        """Make `run` an owner of every file that the value mentions, so that they outlive the run they came from."""
        for identifier in _mentioned(value):
            try:
                content = await self.read(identifier, tenant=tenant)
            except NoSuchFile:
                continue
            await self._blobs.put(content, owner=run)

    def _seal(self, digest: str, tenant: str) -> str:
        raw = bytes.fromhex(digest)
        return base64.urlsafe_b64encode(raw + self._mac(raw, tenant)).decode()

    def _open(self, identifier: object, tenant: str) -> str:
        try:
            raw = base64.urlsafe_b64decode(identifier) if isinstance(identifier, str) else b""
        except ValueError:
            raw = b""
        digest, seal = raw[:_HASH], raw[_HASH:]
        if len(seal) != _SEAL or not hmac.compare_digest(seal, self._mac(digest, tenant)):
            raise NoSuchFile("there is no such file")
        return digest.hex()

    def _mac(self, digest: bytes, tenant: str) -> bytes:
        return hmac.new(self._key, digest + tenant.encode(), hashlib.sha256).digest()[:_SEAL]


def _mentioned(value: Any) -> list[str]:
    found: list[str] = []
    pending: list[Any] = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            members = cast("dict[str, Any]", here)
            if isinstance(members.get("$file"), str):
                found.append(members["$file"])
            pending.extend(members.values())
        elif isinstance(here, list):
            pending.extend(cast("list[Any]", here))
    return found
