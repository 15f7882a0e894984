"""Flows: save, publish, look."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tenuto.client.shapes import Json, Page, SavedFlow
from tenuto.client.transport import Transport


class Flows:
    """`client.flows`. A document is a mapping, or its text in YAML."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def save(self, document: str | Mapping[str, Json]) -> SavedFlow:
        """Each change is a new version; what means the same as the newest is none."""
        return SavedFlow.of(await self._transport.json("POST", "/v1/flows", safe=True, **_body(document)))

    async def validate(self, document: str | Mapping[str, Json]) -> list[Mapping[str, Json]]:
        """What is wrong with a document; [] if nothing is."""
        found = await self._transport.json("POST", "/v1/flows/validate", safe=True, **_body(document))
        return found["problems"]

    async def publish(self, name: str, stage: str, version: int | None = None) -> Mapping[str, Json]:
        """Make a version (the newest, if none is named) the one that the stage means."""
        body = {} if version is None else {"version": version}
        path = f"/v1/flows/{quote(name, safe='')}/stages/{quote(stage, safe='')}"
        return await self._transport.json("PUT", path, json=body, safe=True)

    async def get(self, name: str) -> Mapping[str, Json]:
        return await self._transport.json("GET", f"/v1/flows/{quote(name, safe='')}")

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        params = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        page = await self._transport.json("GET", "/v1/flows", params=params)
        return Page(page["items"], page["next_cursor"])

    async def delete(self, name: str) -> None:
        await self._transport.json("DELETE", f"/v1/flows/{quote(name, safe='')}")


def _body(document: str | Mapping[str, Json]) -> dict[str, Any]:
    if isinstance(document, str):
        return {"content": document.encode(), "headers": {"Content-Type": "application/yaml"}}
    return {"json": document}
