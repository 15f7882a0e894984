"""The application: the routers of all nouns behind the middleware, on one platform."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tenuto import __version__
from tenuto.api import (
    agent_runs,
    agents,
    approvals,
    audit,
    auth,
    docs,
    errors,
    event_intake,
    events,
    files,
    flows,
    health,
    hooks,
    keys,
    mcp,
    mcp_servers,
    metrics,
    models,
    nodes,
    roles,
    run_hot,
    runs,
    schedules,
    secrets,
    simple_agents,
    stages,
    tenants,
    tools,
    users,
    variables,
    webhooks,
    workflows,
    ws,
)
from tenuto.api.middleware.bounds import Bounds
from tenuto.api.middleware.origins import LOOPBACK, Hosts, Proxies
from tenuto.api.middleware.requests import Requests
from tenuto.api.openapi import describe
from tenuto.api.quick import QuickFirst
from tenuto.service.platform import Platform
from tenuto.settings import Settings

_ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  compared with, not bound to

# One line for each noun. They are looked at one by one, in this order.
ROUTERS: Final[Sequence[APIRouter]] = (
    run_hot.router,
    agent_runs.router,  # before the names of agents
    agents.router,
    approvals.router,
    audit.router,
    auth.router,
    docs.router,
    event_intake.router,
    events.router,
    files.router,
    flows.drafts,
    flows.large,
    flows.router,
    health.router,
    hooks.router,
    keys.router,
    mcp.router,
    mcp_servers.router,
    metrics.router,
    models.router,
    nodes.router,
    roles.router,
    runs.router,
    schedules.router,
    secrets.router,
    simple_agents.router,
    stages.router,
    variables.router,
    tenants.router,
    tools.router,
    users.router,
    webhooks.router,
    workflows.router,
    ws.router,
)


class App(FastAPI):
    """FastAPI with a way in of its own: what every request passes (`way`, from the outside in), then the quick routes, and
    only then the frames of FastAPI, which quick routes have no need of.
    """

    way: Sequence[Middleware] = ()

    def build_middleware_stack(self) -> ASGIApp:
        stack: ASGIApp = QuickFirst(super().build_middleware_stack(), run_hot.router.routes)
        for each in reversed(self.way):
            stack = each.cls(stack, *each.args, **each.kwargs)
        return stack


def create_app(platform: Platform, settings: Settings | None = None) -> App:
    """An ASGI application that answers for the platform. Opening and closing the platform is the caller's."""
    settings = settings or Settings()
    app = App(
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
        redirect_slashes=False,  # a redirect would be built from the header `Host`
        routes=routes(),
    )
    app.way = _way(platform, settings)
    app.state.platform = platform
    app.state.settings = settings
    errors.install(app)
    app.openapi = lambda: describe(app)
    return app


@cache
def routes() -> list[BaseRoute]:
    """The routes of all nouns, the same for every application of this process. They are not included, which would make each of
    them anew when a request first looks for it: what they are depends on nothing of the application.
    """
    return [route for router in ROUTERS for route in router.routes]


def routes_only() -> FastAPI:
    """The routes with nothing behind them: to describe them, never to ask them."""
    app = FastAPI(title="Tenuto", version=__version__, description="Agent workflows that hold.", routes=routes())
    app.openapi = lambda: describe(app)
    return app


def _way(platform: Platform, settings: Settings) -> list[Middleware]:
    names = [*LOOPBACK, *settings.allowed_hosts, *([] if settings.host in _ANYWHERE else [settings.host])]
    hosts, proxies = Hosts(names), Proxies(settings.trusted_proxies)
    return [
        Middleware(Requests, count=platform.http_counts.count, hosts=hosts, proxies=proxies),
        *([_cors(settings)] if settings.cors_origins else []),
        Middleware(Bounds, turnstile=platform.turnstile, size=settings.body_limit, seconds=settings.request_timeout),
    ]


# What pages elsewhere may say, and read; what every page may is not named.
_ASKED: Final = (
    *("Authorization", "X-API-Key", "X-Tenant-Id", "X-Request-Id"),
    *("Idempotency-Key", "If-Match", "Last-Event-ID", "traceparent"),
)
_ANSWERED: Final = (
    *("X-Request-Id", "Location", "ETag", "Idempotency-Replayed", "Content-Disposition"),
    *("Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)


def _cors(settings: Settings) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_ASKED,
        expose_headers=_ANSWERED,
        max_age=600,
    )
