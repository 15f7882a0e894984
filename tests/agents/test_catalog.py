"""The agents that come with the wheel: all there, all sound, and each of them works in every runtime."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import tenuto.agents
from tenuto.bootstrap.engine import open_engine
from tenuto.documents.agent_file import load_agent
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Registry, library
from tenuto.sdk.http.addresses import parse_networks
from tenuto.settings import Settings
from tenuto.testing.host_conformance import flow_of
from tenuto.testing.wire import WireServer

CATALOG = Path(tenuto.agents.__file__).parent / "catalog"
OTHERS = Path(__file__).parents[1] / "documents" / "agent_files"
FILES = {path.stem: path for path in sorted(CATALOG.glob("*/*.md"))}
TEAMS = {"marketing": 17, "testing": 5, "user_story": 1, "engineering": 5}
LATER = {
    "node:pdf.render",
    "node:slides.render",
    "node:video.generate",
}  # tools that are not there yet, and said to be missing
INTENTS = ["social_post", "blog", "image", "video", "email", "research", "pdf", "presentation", "full_campaign",
           "performance_analysis", "unclear"]  # fmt: skip


def test_twenty_eight_agents_stand_in_four_teams():
    """As many as were asked for, each in a file of its own name."""
    assert {team: len(list((CATALOG / team).glob("*.md"))) for team in TEAMS} == TEAMS
    assert len(FILES) == 28


@pytest.mark.parametrize("name", FILES)
def test_an_agent_says_who_it_is_and_what_it_answers(name: str):
    """Nothing is wrong with its file, and it is worth reading."""
    loaded = load_agent(FILES[name].read_text(), name=name)

    agent = loaded.agent
    assert agent is not None
    assert loaded.problems == []
    assert agent.name == name
    assert 40 < len(agent.description) < 250
    assert "Use it " in agent.description, "whoever chooses an agent reads no more than this"
    assert agent.prompt.startswith("You ")
    assert "## What you answer" in agent.prompt
    assert set(agent.approve) <= set(agent.tools)


def test_an_agent_that_is_called_is_there():
    """Whoever is handed a task can be found, and nobody is called round in a circle."""
    calls = {
        name: {tool.removeprefix("agent:") for tool in loaded.agent.tools if tool.startswith("agent:")}
        for name, path in FILES.items()
        if (loaded := load_agent(path.read_text(), name=name)).agent
    }

    def reached(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join([*above, name])
        for called in calls[name]:
            reached(called, (*above, name))

    for name in calls:
        reached(name, ())


def test_a_node_that_is_a_tool_is_in_the_library():
    """But for three that belong to it later; an agent that names one of these says in its problems that it lacks it."""
    registry = Registry()
    named = {
        tool
        for name, path in FILES.items()
        if (agent := load_agent(path.read_text(), name=name).agent)
        for tool in agent.tools
        if tool.startswith("node:")
    }

    assert {tool for tool in named if tool.removeprefix("node:") not in registry} == LATER


def test_the_router_knows_all_intents():
    """And hands each but the last to an agent that it may call."""
    router = load_agent(FILES["router-agent"].read_text()).agent

    assert router is not None
    rows = re.findall(r"`(\w+)` \| ([a-z-]+|you ask) \|", router.prompt)
    assert [intent for intent, _ in rows] == INTENTS
    assert {f"agent:{who}" for _, who in rows[:-1]} <= set(router.tools)
    assert rows[-1] == ("unclear", "you ask")


def test_the_orchestrator_of_tests_has_its_four():
    """The rest of its team."""
    orchestrator = load_agent(FILES["test-orchestrator"].read_text()).agent

    assert orchestrator is not None
    others = {path.stem for path in (CATALOG / "testing").glob("*.md")} - {"test-orchestrator"}
    assert {f"agent:{name}" for name in others} <= set(orchestrator.tools)


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    """A model over the wire that answers the same to all."""
    async with WireServer([{"text": "Done."}] * len(FILES)) as server:
        yield server


@pytest.fixture
def settings(wire: WireServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    return Settings(
        data=tmp_path / "data", model=f"openai:gpt-test@{wire.openai}", http_allow=parse_networks("127.0.0.1/32")
    )


@pytest.mark.parametrize("runtime", ["native", "langgraph", "agno", "strands"])
async def test_every_agent_works_in_every_runtime(runtime: str, wire: WireServer, settings: Settings):
    """Over the client libraries of each; its tools are told to the model, but for those that are not there yet."""
    tasks = [{"agent": name, "task": f"Say who you are, {name}", "runtime": runtime} for name in FILES]

    assert await answers(settings, tasks) == ["Done."] * len(FILES)
    assert len(wire.asked) == len(FILES)


async def test_files_that_were_written_for_others_work_as_they_are(wire: WireServer, settings: Settings):
    """Five of them, of other coding agents: with titles for names, with tools and models that only those know."""
    names = [load_agent(path.read_text(), name=path.stem).agent for path in sorted(OTHERS.glob("*.md"))]
    tasks = [{"agent": agent.name, "task": "Say who you are"} for agent in names if agent is not None]

    assert await answers(replace(settings, agents=OTHERS), tasks) == ["Done."] * 5
    assert len(wire.asked) == 5


async def answers(settings: Settings, tasks: list[dict[str, str]]) -> list[object]:
    """What comes of each task, all of them at once."""
    registry = Registry()
    types = library(registry)
    async with open_engine(settings, registry) as opened:

        async def answer(task: dict[str, str]) -> object:
            flow = flow_of("one", {"nodes": {"a": {"use": "agent", "with": task}}, "output": "${a.text}"}, types)
            outcome = await opened.engine.outcome(await opened.engine.start(StartRequest(flow)))
            return outcome.output if outcome.status == "succeeded" else outcome.error

        return await asyncio.gather(*(answer(task) for task in tasks))
