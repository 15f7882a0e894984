"""A server's application on a real SQLite store and journal in a temporary directory, and clients that ask it.

`admin` is the administrator in the tenant `default`; `anonymous` has no credential. The loop is the test's own.
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from api.frame import asking
from service.people import CHEAP
from tenuto.api.app import create_app
from tenuto.bootstrap.server import Server, open_server
from tenuto.service import identity
from tenuto.service.passwords import Passwords
from tenuto.service.platform import Platform
from tenuto.settings import Settings


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real costs are for real servers."""
    monkeypatch.setattr(identity, "Passwords", lambda: Passwords(**CHEAP))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Override it in a test file that needs others."""
    return Settings(data=tmp_path / "data")


@pytest.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with open_server(settings) as server:
        yield server


@pytest.fixture
def platform(server: Server) -> Platform:
    return server.platform


@pytest.fixture
def app(server: Server, settings: Settings) -> FastAPI:
    return create_app(server.platform, settings)


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with asking(app) as client:
        yield client


@pytest.fixture
async def admin(app: FastAPI, server: Server) -> AsyncGenerator[httpx2.AsyncClient]:
    async with asking(app) as client:
        client.headers["Authorization"] = f"Bearer {server.token}"
        yield client
