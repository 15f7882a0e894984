"""The part of asyncpg that is used here, typed: it comes without types of its own, and only with the extra `postgres`."""

import importlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, Protocol, Self

Line = Sequence[Any]  # one line of a result; what its columns hold is the schema's to say


class Connection(Protocol):
    async def execute(self, query: str, *arguments: object) -> str: ...
    async def fetch(self, query: str, *arguments: object) -> list[Line]: ...
    async def fetchrow(self, query: str, *arguments: object) -> Line | None: ...
    async def fetchval(self, query: str, *arguments: object) -> Any: ...
    def cursor(self, query: str, *arguments: object, prefetch: int | None = None) -> AsyncIterator[Line]: ...
    def transaction(self, *, readonly: bool = False, isolation: str | None = None) -> AbstractAsyncContextManager[Any]:
        """What is asked inside is one transaction, rolled back if the block raises."""
        ...

    def add_termination_listener(self, callback: Callable[..., None]) -> None: ...
    def is_closed(self) -> bool: ...
    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109  asyncpg's own word
    def terminate(self) -> None: ...


class Pool(Protocol):
    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...
    async def __aenter__(self) -> Self: ...


class MissingDriver(ImportError):
    """The extra is not installed; the sentence says how to install it."""


@cache
def driver() -> Any:
    try:
        return importlib.import_module("asyncpg")
    except ModuleNotFoundError:
        raise MissingDriver(
            'PostgreSQL needs asyncpg, which is not installed: pip install "tenuto[postgres]"'
        ) from None


async def connect(url: str, settings: Mapping[str, str], *, within: float) -> Connection:
    connection: Connection = await driver().connect(url, timeout=within, server_settings=dict(settings))
    return connection


def pool_of(url: str, settings: Mapping[str, str], *, size: int, within: float) -> Pool:
    """Opened by `async with`, or by awaiting its `__aenter__`; connects when it is first asked."""
    pool: Pool = driver().create_pool(
        url,
        min_size=0,
        max_size=size,
        timeout=within,
        server_settings=dict(settings),
        max_inactive_connection_lifetime=60,
    )
    return pool
