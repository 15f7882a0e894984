"""An engine put together from settings: on a real directory, with a project's own nodes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tenuto.bootstrap import open_engine, open_logs, open_reader, open_registry
from tenuto.bootstrap.server import open_server
from tenuto.documents import load
from tenuto.ports.database_url import DatabaseUrl
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.ports.tenants import Tenant
from tenuto.sdk import Registry, library
from tenuto.settings import Settings

NODE = """
from tenuto.sdk import Context, node

@node("mine.shout", secrets=["tone"])
async def shout(text: str, *, ctx: Context) -> str:
    ctx.log("shouting")
    return text.upper() + ctx.secret("tone")[:1]
"""

FLOW = """
flow: shouts
input: {name: string}
nodes:
  loud:
    use: mine.shout
    with: {text: "${vars.greeting} ${input.name}"}
  sub:
    use: call
    after: [loud]
    with: {flow: other, input: {text: "${loud}"}}
output: ${sub}
"""

OTHER = """
flow: other
input: {text: string}
nodes:
  a: {use: set, with: {value: "<${input.text}>"}}
output: ${a}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "mine.py").write_text(NODE)
    (tmp_path / "shouts.yaml").write_text(FLOW)
    (tmp_path / "other.yaml").write_text(OTHER)
    monkeypatch.setenv("TENUTO_SECRET_TONE", "!!!!!")
    return tmp_path


def run(project: Path, name: str = "Ada") -> Outcome:
    settings = Settings(data=project / "data", vars={"greeting": "hi", "dev": {"greeting": "hello"}})

    async def play() -> Outcome:
        registry = open_registry(settings, project)
        loaded = load((project / "shouts.yaml").read_bytes(), library=library(registry))
        assert loaded.flow is not None, loaded.problems
        async with open_engine(settings, registry) as opened:
            request = StartRequest(loaded.flow, {"name": name}, labels={"file": str(project / "shouts.yaml")})
            outcome = await opened.engine.outcome(await opened.engine.start(request))
        logs = open_logs(settings)
        assert [line["text"] for line in await logs.read(outcome.id)] == ["shouting"]
        return outcome

    return asyncio.run(play())


def test_own_nodes_variables_secrets_and_flows_beside_are_there(project: Path) -> None:
    """SEMANTICS 39, 42."""
    outcome = run(project)

    assert (outcome.status, outcome.output) == ("succeeded", "<HELLO ADA!>")


def test_a_called_flow_that_is_missing_or_wrong_fails_its_node_with_the_place(project: Path) -> None:
    (project / "other.yaml").write_text("flow: other\nnodes: {a: {use: no.such}}\n")
    wrong = run(project)
    (project / "other.yaml").unlink()
    missing = run(project)

    assert "other.yaml has problems" in str((wrong.error or {})["message"])
    assert "there is no other.yaml" in str((missing.error or {})["message"])


def test_readers_look_on_beside_the_owner(project: Path) -> None:
    """SEMANTICS 40."""
    outcome = run(project)

    async def look() -> list[str]:
        async with open_reader(Settings(data=project / "data")) as reader:
            return [entry.id for entry in await reader.runs(RunQuery())]

    assert outcome.id in asyncio.run(look())


async def test_agents_are_found_beside_the_flow_or_where_the_settings_say(project: Path) -> None:
    """And the catalog's are there for everybody."""
    for folder, prompt in (("agents", "Beside."), ("mine", "Named.")):
        (project / folder).mkdir()
        (project / folder / "editor.md").write_text(f"---\nname: Editor\n---\n{prompt}")

    async def find(settings: Settings) -> tuple[str, str]:
        async with open_engine(settings, beside=project) as opened:
            house = opened.engine.services.agents
            assert house is not None
            agents = house.of("default", "dev")
            return (await agents.agent("editor")).prompt, (await agents.agent("copywriter")).source

    settings = Settings(data=project / "data")
    assert await find(settings) == ("Beside.", "catalog")
    assert await find(replace(settings, agents=project / "mine")) == ("Named.", "catalog")


async def test_without_a_server_what_was_saved_lies_between_the_folder_and_the_catalog(project: Path) -> None:
    (project / "agents").mkdir()
    (project / "agents" / "editor.md").write_text("---\nname: Editor\n---\nBeside.")
    settings = Settings(data=project / "data")
    async with open_server(settings) as server, server.platform.store.write() as tx:
        for name in ("editor", "copywriter"):
            source = f"---\nname: {name}\n---\nSaved."
            await tx.agents.add("default", name, hash="h", source=source, description="", team="", by="ann", at=1.0)

    async with open_engine(settings, beside=project) as opened:
        assert opened.engine.services.agents is not None
        agents = opened.engine.services.agents.of("default", "dev")
        found = [(await agents.agent(name)).prompt for name in ("editor", "copywriter", "technical-writer")]

    assert found[:2] == ["Beside.", "Saved."]
    assert found[2].startswith("You are a technical writer")


def test_what_seals_files_is_nobody_elses_to_read(project: Path) -> None:
    run(project)
    run(project)

    key = project / "data" / "files.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32


def test_the_composition_root_stays_short() -> None:
    import tenuto.bootstrap

    for file in Path(tenuto.bootstrap.__file__ or "").parent.glob("*.py"):
        assert len(file.read_text().splitlines()) < 150, file


def test_a_database_keeps_runs_and_flows_alike(project: Path, postgres_url: str) -> None:
    """One address for both: what a server wrote, another data directory shows."""
    settings = Settings(data=project / "data", database_url=DatabaseUrl(postgres_url))

    async def serve() -> tuple[str, str]:
        async with open_server(settings) as server:
            flow = load("flow: one\nnodes: {a: {use: set, with: {value: 1}}}\noutput: ${a}").flow
            assert flow is not None
            run = await server.engine.start(StartRequest(flow, tenant="default"))
            await server.engine.outcome(run)
            found = await server.platform.archive.within("default").find(run)
            async with server.platform.store.write() as tx:
                await tx.tenants.add(Tenant("acme", "Acme", 1.0))
            return run, found.status

    async def look() -> tuple[list[str], bool]:
        async with open_server(replace(settings, data=project / "other")) as server:
            entries = await server.platform.archive.runs(RunQuery())
            async with server.platform.store.read() as tx:
                return [entry.id for entry in entries], await tx.tenants.get("acme") is not None

    run, status = asyncio.run(serve())

    assert status == "succeeded"
    assert asyncio.run(look()) == ([run], True)
    assert not list(project.glob("**/*.db"))


def test_a_registry_that_is_given_is_the_one_that_is_used(tmp_path: Path):
    """Also one without nodes, and nothing is read of it before a node is asked for."""
    empty = Registry(installed=())

    async def scene() -> bool:
        async with open_engine(Settings(data=tmp_path), empty) as opened:
            return opened.registry is empty

    assert asyncio.run(scene())
