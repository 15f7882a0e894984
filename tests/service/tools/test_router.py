"""From names in an agent's file to tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tenuto.sdk import NodeError
from tenuto.sdk.agents import Tool
from tenuto.service.tools.router import Router

WHERE: dict[str, str] = {"tenant": "default", "stage": "dev"}


@dataclass
class Named:
    name: str
    description: str = "A tool."
    effects: Any = "idempotent"
    durable: bool = False
    timeout: float | None = None
    trusted: bool = True
    sends: bool = False

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {"type": "object"}

    async def call(self, arguments: dict[str, Any], ctx: Any, key: str) -> Any:
        return arguments


@dataclass
class Few:
    """A source of tools that are all there is of their kind."""

    kind: str
    known: tuple[str, ...]

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        if name.endswith("/*"):
            return [Named(f"{self.kind}:{each}") for each in self.known if each.startswith(name[:-1])]
        return [Named(f"{self.kind}:{name}" if self.kind else name)] if name in self.known else []

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        return list(self.known)


ROUTER = Router(
    {
        "node": Few("node", ("http.request", "debug.echo")),
        "flow": Few("flow", ("refund", "search")),
        "mcp": Few("mcp", ("tickets/search", "tickets/close", "a/b_c", "a_b/c")),
        "http": Few("http", ("search_documents",)),
        "": Few("", ("ask_person",)),
    }
)


async def names(*written: str) -> list[str]:
    return [tool.name for tool in await ROUTER.tools(written, **WHERE)]


async def refused(*written: str) -> str:
    with pytest.raises(NodeError) as caught:
        await ROUTER.tools(written, **WHERE)
    assert caught.value.type == "tool"
    assert not caught.value.retry
    return str(caught.value)


async def test_whole_names_bare_names_and_all_of_a_server_are_understood() -> None:
    assert await names("node:http.request", "ask_person") == ["node:http.request", "ask_person"]
    assert await names("search_documents", "close", "refund") == [
        "http:search_documents",
        "mcp:tickets/close",
        "flow:refund",
    ]
    assert await names("mcp:tickets/*", "mcp:tickets/close") == ["mcp:tickets/search", "mcp:tickets/close"]
    assert await names("mcp__tickets__close") == ["mcp:tickets/close"]
    assert await names("mcp__tickets") == ["mcp:tickets/search", "mcp:tickets/close"]


async def test_a_bare_name_of_several_tools_is_none_of_them() -> None:
    said = await refused("search")

    assert "`flow:search`, `mcp:tickets/search`" in said


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("node:http.requets", "did you mean `node:http.request`?"),
        ("http:refund", "did you mean `flow:refund`?"),
        ("serch_documents", "did you mean `http:search_documents`?"),
        ("mcp:ticket/close", "did you mean `mcp:tickets/close`"),
        ("bash:ls", "names of tools begin with `node:`"),
        ("bash:refund", "did you mean `flow:refund`?"),
        ("node:zzz", "there are `node:http.request`"),
        ("zzz", "there are `node:http.request`, `flow:refund`, `mcp:tickets/search`, "),
        ("", "and 5 more: `tenuto tools list`"),
        ("create_jira_issue", "before TENUTO_INTEGRATIONS_URL says where its service is"),
    ],
)
async def test_what_is_no_tool_is_told_what_is_near(written: str, hint: str) -> None:
    assert hint in await refused(written)


async def test_tools_that_a_model_could_not_tell_apart_are_refused() -> None:
    """SECURITY 95: neither of them shadows the other."""
    said = await refused("mcp:a/b_c", "mcp:a_b/c")

    assert "`mcp:a_b/c` and `mcp:a/b_c` are the same name for a model" in said


async def test_a_file_is_told_of_names_that_are_missing_and_that_are_bare() -> None:
    found = await ROUTER.check(["refund", "node:nothing.here", "flow:search"], **WHERE)

    assert [(problem.path, problem.code, problem.severity) for problem in found] == [
        ("tools[0]", "bare_tool", "warning"),
        ("tools[1]", "unknown_tool", "error"),
    ]
    assert found[0].hint == "write `flow:refund`"


async def test_all_tools_are_listed_by_name() -> None:
    listed = [tool.name for tool in await ROUTER.listed(**WHERE)]

    assert listed == sorted(listed)
    assert len(listed) == 10
