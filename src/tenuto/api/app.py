"""The application: the routers of all nouns behind the middleware, on one platform."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware

from tenuto import __version__
from tenuto.api import errors, health
from tenuto.api.middleware.requests import Requests
from tenuto.service.platform import Platform

# One line for each noun.
ROUTERS: Final[Sequence[APIRouter]] = (health.router,)


def create_app(platform: Platform) -> FastAPI:
    """An ASGI application that answers for the platform. Opening and closing the platform is the caller's."""
    app = FastAPI(
        title="Tenuto",
        version=__version__,
        description="Agent workflows that hold.",
        docs_url=None,
        redoc_url=None,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
        },  # traces are projected from the journal, not made on the loop
        middleware=[Middleware(Requests)],
    )
    app.state.platform = platform
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: _openapi(app)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Made once, when it is first asked for."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = errors.PROBLEM_SCHEMA
        app.openapi_schema = schema
    return app.openapi_schema
