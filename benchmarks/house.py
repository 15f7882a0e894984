"""Tenuto as the benchmarks use it: opened as a server opens it, on a data directory of their own, with nothing switched off."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tenuto.bootstrap import Opened, open_engine
from tenuto.core.flow import Flow
from tenuto.documents import load
from tenuto.sdk import Registry, library
from tenuto.settings import Settings

Document = Mapping[str, object]


@asynccontextmanager
async def opened(folder: str, **settings: object) -> AsyncGenerator[Opened]:
    """Own the folder; runs that it holds are not taken over unless the caller asks."""
    registry = Registry([Path(__file__).parent / "nodes"])
    async with open_engine(Settings(data=Path(folder), **settings), registry) as engine:  # type: ignore[arg-type]  # passed on
        yield engine


def flow(registry: Registry, document: Document) -> Flow:
    """Read and check a document as a user's is read."""
    loaded = load(json.dumps(document), library=library(registry))
    if loaded.flow is None:
        raise SystemExit(f"the benchmark's flow is wrong: {loaded.problems}")
    return loaded.flow
