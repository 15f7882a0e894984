"""Routes that are asked most: proven and answered as all others, but their parameters are read by the route itself.

The signature of such an endpoint is `(path parameters…, request, who)`, it returns a finished `Response`, and what it
reads of query and body stands in its `openapi_extra`. FastAPI's own reading would cost more than the answer.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.requests import Request
from fastapi.responses import Response

from tenuto.api.access import admissions_of
from tenuto.api.bodies import JsonRequest
from tenuto.api.routing import Route, Router
from tenuto.service.refusals import Refused


class QuickRoute(Route):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        (admission,) = admissions_of(self.dependant)
        endpoint = self.endpoint

        async def answer(request: Request) -> Response:
            who = await admission.admit(request)
            strict = JsonRequest(request.scope, request.receive)
            return await endpoint(**request.path_params, request=strict, who=who)

        return answer


def quick_router(prefix: str, tag: str) -> Router:
    router = Router(prefix=prefix, tags=[tag])
    router.route_class = QuickRoute
    return router


def json_response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, "application/json")


def seconds_of(request: Request, name: str, most: float) -> float | None:
    """A number of seconds in the query; None if it is not there."""
    said = request.query_params.get(name)
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= most:
        raise Refused("invalid", f"`{name}` is a number of seconds, 0 to {most:g}")
    return seconds
