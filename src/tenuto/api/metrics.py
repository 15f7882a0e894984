"""Figures for Prometheus."""

from typing import Any

from fastapi import Response

from tenuto.api.access import PUBLIC
from tenuto.api.health import NEAR
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router

router = Router(tags=["health"])

_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    dependencies=[PUBLIC, NEAR],
    response_class=Response,
    responses=_TEXT,
)
async def metrics(platform: ThePlatform) -> Response:
    """Runs, nodes, the journal, requests. No names of tenants, flows or people."""
    from tenuto.api.figures import text_of  # loads the client of Prometheus, which most never need

    return Response(text_of(platform), media_type="text/plain; version=0.0.4; charset=utf-8")
