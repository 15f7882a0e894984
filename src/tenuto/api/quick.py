"""Routes that are asked most: proven and answered as all others, but their parameters are read by the route itself.

The signature of such an endpoint is `(path parameters…, request, who)`, it returns a finished `Response`, and what it
reads of query and body stands in its `openapi_extra`. FastAPI's own reading would cost more than the answer.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi.requests import Request
from fastapi.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from tenuto.api.access import admissions_of
from tenuto.api.bodies import JsonRequest
from tenuto.api.errors import answer_to
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


class QuickFirst:
    """Finds quick routes in a dictionary; the application looks at its routes one by one, which takes longer than many an
    answer. Such a route's path is fixed, or ends in its only parameter."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._exact: dict[tuple[str, str], Quick] = {}
        self._under: dict[tuple[str, str], tuple[str, Quick]] = {}
        for route in routes:
            if isinstance(route, QuickRoute):
                self._add(route)

    def _add(self, route: QuickRoute) -> None:
        start, _, parameter = route.path.partition("{")
        quick = route, route.get_route_handler()
        for method in route.methods or ():
            if parameter:
                self._under[method, start] = parameter.rstrip("}"), quick
            else:
                self._exact[method, start] = quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        (route, answer), parameters = found
        scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, parameters
        request = Request(scope, receive, send)
        try:
            response = await answer(request)
        except Exception as error:
            told = await answer_to(request, error)
            if told is None:
                raise
            response = told
        await response(scope, receive, send)

    def _find(self, method: str, path: str) -> "tuple[Quick, dict[str, str]] | None":
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}
        cut = path.rfind("/") + 1
        under = self._under.get((method, path[:cut])) if cut < len(path) else None
        return None if under is None else (under[1], {under[0]: path[cut:]})


Quick = tuple[QuickRoute, Callable[[Request], Coroutine[Any, Any, Response]]]


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
