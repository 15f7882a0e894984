"""Fixtures that several parts share, and how cases are named. Each fixture starts nothing until a test asks for it."""

import gc
from collections.abc import Generator

import pytest

from postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their place. They may hold the time at which they were made, and processes that run tests
    side by side must agree on the names."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is made while tests are gathered, libraries and all, stays to the end: garbage is not looked for in it, then or
    after. It was a fifth of the time of all tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
