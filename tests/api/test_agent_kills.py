"""The server is killed in the middle of an agent that somebody listens to: it goes on, and no answered call is made again."""

import asyncio
from pathlib import Path

import pytest

from api.server_process import ServerProcess
from tenuto.client import Client, Event

AGENT = """---
name: clerk
tools: [node:book.line]
---
You write lines into a book.
"""
NODE = '''"""A line in a book outside of the run."""

from pathlib import Path

from tenuto.sdk import node


@node("book.line")
async def line(number: int) -> str:
    """Write a line."""
    with Path("book.txt").open("a") as book:
        book.write(f"{number}\\n")
    return f"line {number} is written"
'''
TURN = '  - {{text: "Now line {0}, with care.", calls: [{{tool: "node:book.line", arguments: {{number: {0}}}}}]}}\n'
CALLS = 4


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the agent, its tool and what its model says."""
    turns = "".join(TURN.format(number) for number in range(1, CALLS + 1))
    for name, text in {
        "agents/clerk.md": AGENT,
        "nodes/book_line.py": NODE,
        "script.yaml": f"delay: 0.02\nturns:\n{turns}  - text: The book is written.\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


async def test_a_kill_in_the_middle_of_an_answer_costs_nothing_twice(project: Path):
    """The same stream goes on over the restart: each fact once, every answered model and tool asked once."""
    server = ServerProcess(project / "data", TENUTO_AGENTS=str(project / "agents"), TENUTO_MODEL="scripted:script.yaml")
    await server.start()
    told: list[Event] = []
    restarted: asyncio.Future[None] | None = None
    try:
        async with Client(server.url, server.token, attempts=100) as client:
            async for event in client.agents.stream("clerk", "Write the book"):
                told.append(event)
                if _recorded(told) == 5 and event.text:  # in the middle of the third answer of the model
                    server.kill()
                    restarted = asyncio.ensure_future(server.start())
                    told.append(Event(type="killed", data={}))
            assert restarted is not None
            await restarted
            status = await client.agents.status(told[0].data["run"])
    finally:
        server.kill()

    facts = [event for event in told if event.seq]
    before = {each.data["key"] for each in told[: [each.type for each in told].index("killed")] if "key" in each.data}
    answered = [int(line) for line in (project / "book.txt").read_text().split()]
    assert (status.status, status.text) == ("completed", "The book is written.")
    assert [event.seq for event in facts] == list(range(1, len(facts) + 1))
    assert any(event.type == "run.resumed" for event in facts)
    assert {"model:1", "call:1", "model:2", "call:2"} <= before
    assert sorted(set(answered)) == list(range(1, CALLS + 1))
    assert [answered.count(number) for number in (1, 2)] == [1, 1]
    assert len([each for each in facts if each.data.get("key", "").startswith("model:")]) == CALLS + 1


def _recorded(told: list[Event]) -> int:
    """Steps since the beginning, once: after the kill nothing counts any more."""
    return -1 if any(each.type == "killed" for each in told) else sum(each.type == "step.recorded" for each in told)
