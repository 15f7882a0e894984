"""LangGraph asks nobody outside. Its tracing to LangSmith, which variables of the environment switch on, is off in a run."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import langsmith
from langchain_core.runnables.config import var_child_runnable_config


@contextmanager
def alone() -> Generator[None]:
    """A graph that is run within it is no part of a graph around it, and is not traced, whatever `LANGSMITH_TRACING` and
    `LANGCHAIN_TRACING_V2` say: content stays in this house."""
    around = var_child_runnable_config.set(None)
    try:
        with cast("Any", langsmith).tracing_context(enabled=False, parent=False):
            yield
    finally:
        var_child_runnable_config.reset(around)
