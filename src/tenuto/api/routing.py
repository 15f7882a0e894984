"""The router that every noun uses: who comes is proven before the body is read, bodies and queries are read strictly, and
the errors that any route may answer are documented.

A parameter of the query that a route does not know is refused: a filter that is misspelt would otherwise take everything.
What is open to everybody is asked by machines that add what they like; nothing is refused there.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from tenuto.api.access import admissions_of, queries_of
from tenuto.api.bodies import JsonRequest
from tenuto.api.errors import USUAL, problems
from tenuto.service.refusals import unknown_names

DOCUMENT_LIMIT: Final = 1024 * 1024  # bytes


class Route(APIRoute):
    """A route whose handler is given a `JsonRequest`, from somebody who may send it."""

    body_limit: int | None = None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        admissions = admissions_of(self.dependant)
        known = frozenset(queries_of(self.dependant))

        async def with_strict_body(request: Request) -> Response:
            for admission in admissions:
                await admission.admit(request)
            if admissions and request.scope["query_string"]:
                _refuse_unknown(request, known)
            strict = JsonRequest(request.scope, request.receive)
            strict.limit = self.body_limit
            return await handle(strict)

        return with_strict_body


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    unknown = sorted({name[:60] for name in request.query_params} - known)
    if unknown:
        raise unknown_names("the query", unknown, known)


class DocumentRoute(Route):
    body_limit = DOCUMENT_LIMIT


class Router(APIRouter):
    """`Router(prefix="/v1/runs", tags=["runs"])`. Routes add what else they answer: `responses=problems(404, 409)`.

    `documents`: its bodies are flow documents, which are smaller than what else may come.
    """

    def __init__(
        self, *, prefix: str = "", tags: list[Any] | None = None, documents: bool = False, **more: Any
    ) -> None:
        kind = DocumentRoute if documents else Route
        super().__init__(prefix=prefix, tags=tags, route_class=kind, responses=problems(*USUAL), **more)
