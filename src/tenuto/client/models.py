"""Models: which agents can ask here, and how they are."""

from typing import Any
from urllib.parse import quote

from tenuto.client.shapes import Model
from tenuto.client.transport import Transport


class Models:
    """`client.models`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, stage: str | None = None) -> list[Model]:
        """The default first."""
        page = await self._transport.json("GET", "/v1/models", params=_stage(stage))
        return [Model.of(each) for each in page["items"]]

    async def get(self, name: str, *, stage: str | None = None) -> Model:
        """By the name that an agent's file writes, or by what that means."""
        return Model.of(await self._transport.json("GET", f"/v1/models/{quote(name, safe='')}", params=_stage(stage)))


def _stage(stage: str | None) -> dict[str, Any]:
    return {} if stage is None else {"stage": stage}
