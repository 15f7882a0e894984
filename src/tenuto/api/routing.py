"""The router that every noun uses: bodies are read strictly, and the errors that any route may answer are documented."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from tenuto.api.bodies import JsonRequest
from tenuto.api.errors import USUAL, problems

DOCUMENT_LIMIT = 1024 * 1024  # bytes: of a body that is a flow document or not much else


class Route(APIRoute):
    """A route whose handler is given a `JsonRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_strict_body(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return with_strict_body


class Router(APIRouter):
    """`Router(prefix="/v1/runs", tags=["runs"])`. Routes add what else they answer: `responses=problems(404, 409)`."""

    def __init__(self, *, prefix: str = "", tags: list[Any] | None = None, **more: Any) -> None:
        super().__init__(prefix=prefix, tags=tags, route_class=Route, responses=problems(*USUAL), **more)
