"""The agents that a flow names leave and come with it: the tenant's own."""

import pytest

from service.house import House, played
from service.test_transfer import exported, imported, names
from tenuto.service import agents, transfer
from tenuto.service.principal import Principal
from tenuto.service.refusals import Invalid, Refused

FLOW = """\
flow: write
nodes:
  a: {use: agent, with: {agent: lector, task: Read}}
  b: {use: agent, with: {agent: copywriter, task: Write}, after: [a]}
  c: {use: agent, with: {agent: "${'lec' + 'tor'}", task: Again}, after: [b]}
  many:
    use: map
    over: ["x"]
    nodes: {d: {use: agent, with: {agent: nobody, task: Nothing}}}
    output: ${d}
output: ${a}
"""
LECTOR = "---\ntools: [agent:binder, agent:copywriter, agent:none]\n---\nYou read.\n"
BINDER = "---\nname: binder\ntools: [agent:lector]\n---\nYou bind.\n"
FILES = {"flows/write.yaml": FLOW.encode(), "agents/lector.md": LECTOR.encode()}


async def save(house: House, name: str, text: str) -> None:
    checked = agents.read_file(text.encode(), name=name)
    async with house.store.write() as tx:
        await agents.save(house.platform.agents, tx, house.who(), name, checked)


def test_those_that_it_names_and_those_that_these_may_call_leave_with_it():
    """As they were written; those of the catalog are everywhere."""

    async def scene(house: House) -> None:
        await house.save(FLOW)
        await save(house, "lector", "---\nname: lector\n" + LECTOR[4:])
        await save(house, "binder", BINDER)
        await save(house, "other", "---\n---\nHi.")

        files = await exported(house, "write")

        assert sorted(files) == ["agents/binder.md", "agents/lector.md", "flows/write.yaml", "tenuto.toml"]
        assert files["agents/binder.md"].decode() == BINDER

    played(scene)


def test_they_come_in_as_versions_and_what_is_missing_is_said():
    async def scene(house: House) -> None:
        done = await imported(house, FILES)
        again = await imported(house, FILES)

        assert [(each.name, each.number, each.new) for each in done.agents] == [("lector", 1, True)]
        assert list(again.lines()) == [("write", 1, False), ("agent lector", 1, False)]
        assert [(each.path, each.code) for each in done.problems] == [
            ("flows/write.yaml: nodes.many.nodes.d.with.agent", "missing_agent")
        ]
        found = await house.platform.agents.find("lector", tenant="default")
        assert found is not None
        assert found.prompt == "You read."

    played(scene)


def test_agents_may_come_alone():
    async def scene(house: House) -> None:
        done = await imported(house, {"agents/lector.md": LECTOR.encode()})

        assert [each.name for each in done.agents] == ["lector"]

    played(scene)


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("---\nname: other\n---\nHi.", "agents/lector.md: name", "wrong_name"),
        ("---\nruntime: x\n---\nHi.", "agents/lector.md: runtime", "unknown_runtime"),
        ("nothing", "agents/lector.md", "no_front_matter"),
    ],
)
def test_one_with_problems_refuses_all_of_it(text: str, path: str, code: str):
    async def scene(house: House) -> None:
        with pytest.raises(Invalid) as wrong:
            await imported(house, {**FILES, "agents/lector.md": text.encode()})

        assert [(each.path, each.code) for each in wrong.value.problems] == [(path, code)]
        assert await names(house) == []

    played(scene)


def test_who_may_not_save_agents_imports_none():
    async def scene(house: House) -> None:
        who = Principal("key", "k", "k", "default", frozenset({"flows:write", "flows:read"}))
        bundle, texts = await transfer.read(house.platform.flows, FILES)
        with pytest.raises(Refused, match="agents:write"):
            async with house.store.write() as tx:
                await transfer.admit(house.platform.flows, tx, who, bundle, texts)

        assert await names(house) == []
        assert await house.platform.agents.find("lector", tenant="default") is None

    played(scene)


def test_who_may_not_see_agents_exports_none():
    async def scene(house: House) -> None:
        await imported(house, FILES)
        who = Principal("key", "k", "k", "default", frozenset({"flows:read"}))
        with pytest.raises(Refused, match="agents:read"):
            async with house.store.read() as tx:
                await transfer.export(house.platform.flows, tx, who, "write", None, house.platform.registry)

    played(scene)
