"""Routes that are found in a dictionary are found where the application would find them, and nowhere else."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.requests import Request

from tenuto.api.access import PUBLIC, declares
from tenuto.api.quick import QuickFirst, QuickRoute

FOUND = [
    ("POST", "/v1/runs", {}),
    ("GET", "/v1/runs/a", {"run": "a"}),
    ("GET", "/v1/runs/a b", {"run": "a b"}),
]
NOT_FOUND = [
    ("GET", "/v1/runs"),
    ("POST", "/v1/runs/"),
    ("GET", "/v1/runs/"),
    ("GET", "/v1/runs/a/events"),
    ("GET", "/v1/runs/a/"),
    ("DELETE", "/v1/runs/a"),
    ("GET", "/V1/runs/a"),
    ("GET", "//v1/runs/a"),
    ("GET", "a"),
    ("GET", ""),
]


def finder() -> QuickFirst:
    async def answer(**_: Any) -> Response:
        return Response()

    class Open(QuickRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            return answer  # pyright: ignore[reportReturnType] # never asked here

    endpoint = declares("runs:read")(answer)
    routes = [
        Open("/v1/runs", endpoint, methods=["POST"], dependencies=[PUBLIC], response_model=None),
        Open("/v1/runs/{run}", endpoint, methods=["GET"], dependencies=[PUBLIC], response_model=None),
    ]
    return QuickFirst(FastAPI(), routes)


@pytest.mark.parametrize(("method", "path", "parameters"), FOUND)
def test_a_quick_route_is_found_with_its_parameter(method: str, path: str, parameters: dict[str, str]):
    """A fixed path, or one that ends in its only parameter."""
    found = finder()._find(method, path)

    assert found is not None
    assert found[1] == parameters


@pytest.mark.parametrize(("method", "path"), NOT_FOUND)
def test_everything_else_is_left_to_the_application(method: str, path: str):
    """Another method, a path that goes on, an empty parameter."""
    assert finder()._find(method, path) is None
