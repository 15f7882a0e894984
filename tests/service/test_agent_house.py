"""The house gives an agent with what there is of its tools; and says what is missing in words that help."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tenuto.core.problems import Problem, Severity
from tenuto.sdk.agents import Agents, Runtime, Tool
from tenuto.sdk.errors import NodeError
from tenuto.service.agent_house import House
from tenuto.service.agent_sources import AgentFiles
from tenuto.testing.agents import FakeTool


class FakeTools:
    """Two tools; who asks is noted."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def tools(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Tool]:
        self.asked.append((tenant, stage))
        return [FakeTool(name, str) for name in names]

    async def listed(self, *, tenant: str, stage: str) -> list[Tool]:
        return await self.tools(["node:a", "node:b"], tenant=tenant, stage=stage)

    async def check(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Problem]:
        self.asked.append((tenant, stage))
        said: dict[str, tuple[str, Severity]] = {"node:z": ("unknown_tool", "error"), "b": ("bare_tool", "warning")}
        wrong = [(f"tools[{index}]", *said[name]) for index, name in enumerate(names) if name in said]
        return [Problem(path, code, "so", severity=severity) for path, code, severity in wrong]


def missing() -> Runtime:
    raise ModuleNotFoundError("No module named 'agno'", name="agno")


@pytest.fixture
def router() -> FakeTools:
    return FakeTools()


@pytest.fixture
def house(tmp_path: Path, router: FakeTools) -> House:
    (tmp_path / "editor.md").write_text("---\ntools: [node:z, node:a, b, Bash]\napprove: node:z\n---\nHi.")
    (tmp_path / "writer.md").write_text("---\n---\nHi.")
    runtimes = {"native": object, "agno": missing}
    return House(AgentFiles(tmp_path, "folder"), None, router, runtimes)  # pyright: ignore[reportArgumentType]  any object will do for a runtime


@pytest.fixture
def rooms(house: House) -> Agents:
    return house.of("acme", "prod")


async def test_an_agent_runs_without_the_tools_that_are_not_there(rooms: Agents, router: FakeTools) -> None:
    agent = await rooms.agent("editor")

    assert agent.tools == ("node:a", "b")
    assert agent.approve == ("node:z",)
    assert [(each.path, each.code, each.severity) for each in agent.problems] == [
        ("tools[3]", "foreign_tool", "warning"),
        ("tools", "unknown_tool", "warning"),
        ("tools", "bare_tool", "warning"),
    ]
    assert router.asked == [("acme", "prod")]


async def test_the_content_of_an_agent_is_what_its_version_names(rooms: Agents, house: House) -> None:
    written = await house.source.find("editor", tenant="acme")

    assert written is not None
    assert (await rooms.agent("editor")).version == written.version


async def test_an_agent_without_tools_asks_nobody_for_them(rooms: Agents, router: FakeTools) -> None:
    assert (await rooms.agent("writer")).tools == ()
    assert router.asked == []


async def test_an_unknown_agent_is_told_with_near_names(rooms: Agents) -> None:
    with pytest.raises(NodeError, match=r"there is no agent `editr` \(did you mean `editor`\?\)") as refused:
        await rooms.agent("editr")

    assert (refused.value.type, refused.value.retry) == ("agent", False)


async def test_tools_are_those_of_the_tenant_and_stage(rooms: Agents, router: FakeTools) -> None:
    assert [tool.name for tool in await rooms.tools(["node:a"])] == ["node:a"]
    assert router.asked == [("acme", "prod")]


async def test_a_house_without_models_says_so(rooms: Agents) -> None:
    with pytest.raises(NodeError, match="no models") as refused:
        await rooms.endpoints(["inherit"])

    assert refused.value.type == "model"


class TestRuntimes:
    def test_one_is_loaded_once(self, rooms: Agents, house: House) -> None:
        assert rooms.runtime("native") is house.of("other", "dev").runtime("native")

    def test_one_that_is_not_installed_says_how_to(self, rooms: Agents) -> None:
        with pytest.raises(NodeError, match=r"pip install 'tenuto\[agno\]'") as refused:
            rooms.runtime("agno")

        assert (refused.value.type, refused.value.retry) == ("runtime", False)

    def test_one_that_there_is_not_is_told_with_near_names(self, rooms: Agents) -> None:
        with pytest.raises(NodeError, match="did you mean `native`"):
            rooms.runtime("nativ")
