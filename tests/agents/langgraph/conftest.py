"""Ours comes before LangGraph: it says how strictly checkpoints are read, which LangGraph looks at once."""

import pytest

from tenuto.agents import langgraph

assert langgraph.PACKAGE


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """LangChain's class for Anthropic takes four seconds to import: every night is often enough."""
    for item in items:
        if "test_wire" in item.nodeid and "agents/langgraph" in item.nodeid and "anthropic" in item.name:
            item.add_marker(pytest.mark.nightly)
