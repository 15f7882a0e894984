"""Agents whose files change while runs wait."""

from pathlib import Path

from tenuto.bootstrap import open_engine, open_registry
from tenuto.core.flow import read
from tenuto.ports.engine import StartRequest
from tenuto.sdk import library
from tenuto.settings import Settings


async def test_a_run_in_flight_keeps_the_agent_with_which_it_began(tmp_path: Path):
    """Its file is edited, then gone, while it waits for a person; the next run finds what there is then."""
    script, file = tmp_path / "script.yaml", tmp_path / "agents" / "lector.md"
    script.write_text(
        "turns:\n  - calls: [{tool: ask_person, arguments: {question: Which?}}]\n  - text: Read it, I have.\n"
    )
    file.parent.mkdir()
    file.write_text(f"---\nmodel: scripted:{script}\ntools: [ask_person]\n---\nYou read.\n")
    node = {"use": "agent", "with": {"agent": "lector", "task": "Read"}}
    settings = Settings(data=tmp_path / "data")
    registry = open_registry(settings)
    flow, problems = read({"flow": "f", "nodes": {"a": node}, "output": "${a.text}"}, library(registry))
    assert flow is not None, problems

    async with open_engine(settings, registry, beside=tmp_path) as opened:
        run = await opened.engine.start(StartRequest(flow))
        waiting = await opened.engine.outcome(run, until=frozenset({"waiting"}))
        file.write_text("---\nruntime: none\n---\nBroken.")
    file.unlink()
    async with open_engine(settings, registry, beside=tmp_path) as opened:
        _ = [each async for each in opened.engine.recover()]
        await opened.engine.signal(run, "a/tool:1", {"answer": "That one."})
        done = await opened.engine.outcome(run)
        after = await opened.engine.outcome(await opened.engine.start(StartRequest(flow)))

    assert waiting.status == "waiting", waiting.error
    assert (done.status, done.output) == ("succeeded", "Read it, I have."), done.error
    assert (after.status, (after.error or {})["type"]) == ("failed", "agent")
