"""Approvals: what waits for a person."""

from typing import Any

from tenuto.client.shapes import Approval, Page
from tenuto.client.transport import Transport


class Approvals:
    """`client.approvals`. Answer with `client.runs.approve`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        assignee: str | None = None,
        flow: str | None = None,
        run: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Approval]:
        """What was asked first comes first."""
        asked: dict[str, Any] = {"assignee": assignee, "flow": flow, "run": run, "limit": limit, "cursor": cursor}
        params = {key: value for key, value in asked.items() if value is not None}
        page = await self._transport.json("GET", "/v1/approvals", params=params)
        return Page([Approval.of(each) for each in page["items"]], page["next_cursor"])
