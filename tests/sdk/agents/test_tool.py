"""What a file writes of a tool, and which tools it means."""

import pytest

from tenuto.sdk.agents import covers


@pytest.mark.parametrize("written", ["node:email.send", "node:email.*", "node:*", "email.send", "node:email.send*"])
def test_what_means_a_tool(written: str) -> None:
    """An approval for all nodes holds for each of them."""
    assert covers(written, "node:email.send")


@pytest.mark.parametrize(
    "written", ["node:email", "mcp:*", "*", "email.*", "send", "node:email.sent", "", ":*", "nod*"]
)
def test_what_means_another(written: str) -> None:
    assert not covers(written, "node:email.send")
