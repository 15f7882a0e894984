"""Agents whose files change: on a real server, and while runs wait."""

from pathlib import Path

from acceptance.process import until, up
from tenuto.bootstrap import open_engine, open_registry
from tenuto.core.flow import read
from tenuto.ports.engine import StartRequest
from tenuto.sdk import library
from tenuto.settings import Settings

LECTOR = "---\nname: Lector\n---\nYou read.\n"


def test_a_folder_of_agents_is_followed(tmp_path: Path):
    """A file that changes is a new version; what the folder holds is changed there alone; a broken file changes nothing."""
    file = tmp_path / "agents" / "books" / "reader.md"
    file.parent.mkdir(parents=True)
    file.write_text(LECTOR)

    with up(tmp_path, TENUTO_AGENTS="agents") as server:
        first = server.client.get("/v1/agents/lector").json()
        file.write_text(LECTOR.replace("read", "read aloud"))
        until(lambda: "agents/books/reader.md → version 2" in server.printed)
        file.write_text("---\nname: Lector\nbudget: none\n---\nBroken.")
        until(lambda: "reader.md:3:1: budget: wrong_type" in server.printed)
        second = server.client.get("/v1/agents/lector").json()
        refused = server.client.put("/v1/agents/lector", json={"prompt": "Mine."})

    assert (first["prompt"], first["team"], first["source"], first["file"]) == (
        "You read.", "books", "folder", "agents/books/reader.md",
    )  # fmt: skip
    assert (second["prompt"], second["version"]) == ("You read aloud.", 2)
    assert (refused.status_code, "comes from agents/books/reader.md" in refused.json()["detail"]) == (409, True)


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
