"""The application's frame without a house behind it: for routes of a test that ask the platform for nothing."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import MISSING, fields
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI

from tenuto.api.app import App, create_app
from tenuto.service.limits import turnstile
from tenuto.service.platform import Platform
from tenuto.settings import Settings
from tenuto.stores.limits_memory import MemoryLimits


def frame(router: APIRouter | None = None, **given: Any) -> App:
    """`given`: settings."""
    settings = Settings(**given)
    parts: dict[str, Any] = {
        **dict.fromkeys((each.name for each in fields(Platform) if each.default_factory is MISSING), None),
        "clock": time.time,
        "turnstile": turnstile(MemoryLimits(), settings.limits, loopback=settings.loopback),
    }
    platform = Platform(**parts)
    app = create_app(platform, settings)
    if router is not None:
        app.include_router(router)
    return app


@asynccontextmanager
async def asking(
    app: FastAPI, *, client: str = "127.0.0.1", base_url: str = "http://localhost"
) -> AsyncGenerator[httpx2.AsyncClient]:
    """`client`: from where."""
    transport = httpx2.ASGITransport(app, client=(client, 1234), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=base_url) as asker:
        yield asker
