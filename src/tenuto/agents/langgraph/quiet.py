"""LangGraph asks nobody outside. Its tracing to LangSmith, which variables of the environment switch on, is off in a run."""

from contextlib import AbstractContextManager
from typing import Any, cast

import langsmith


def silenced() -> AbstractContextManager[None]:
    """Within it nothing is traced, whatever `LANGSMITH_TRACING` and `LANGCHAIN_TRACING_V2` say: content stays in this house."""
    return cast("Any", langsmith).tracing_context(enabled=False, parent=False)
