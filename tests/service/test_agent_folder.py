"""A folder of agent files as the source: what stands in it is what runs find."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from service.house import House, played
from tenuto.sdk.agents import Agent
from tenuto.service import agent_folder
from tenuto.service.agent_folder import AgentFolder

LECTOR = "---\nname: Lector\ntools: [Bash]\n---\nYou edit.\n"


class Desk:
    """A folder, what it says, and how its files are changed."""

    def __init__(self, path: Path, house: House) -> None:
        self.path, self.house = path, house
        self.said: list[str] = []
        self.folder = AgentFolder(path, house.platform.agents, house.store, self.said.append)
        self._ticks = 0

    def write(self, name: str, text: str) -> None:
        """A file that is newer than any before, however coarse the clock of the disk is."""
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self._ticks += 1
        os.utime(file, (1_000_000 + self._ticks, 1_000_000 + self._ticks))

    async def look(self) -> list[str]:
        """Two looks: one sees the change, the other that it has ended. What was said."""
        self.said.clear()
        await self.folder.look()
        await self.folder.look()
        return [line.replace(f"{self.path}{os.sep}", "") for line in self.said]

    async def agent(self, name: str = "lector") -> Agent:
        found = await self.house.platform.agents.find(name, tenant="default")
        assert found is not None
        return found


Scene = Callable[[House, Desk], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene], None]:
    path = tmp_path / "agents"
    path.mkdir()
    return lambda scene: played(lambda house: scene(house, Desk(path, house)))


def test_what_is_there_at_the_start_is_found_at_once(play: Any):
    async def scene(house: House, desk: Desk) -> None:
        desk.write("a file.md", LECTOR)
        desk.write("books/binder.md", "---\n---\nYou bind.")
        desk.write("notes.txt", "nothing")
        await agent_folder.load(house.platform, desk.path, desk.said.append)

        lector, binder = await desk.agent(), await desk.agent("binder")
        assert (lector.prompt, lector.source, lector.team) == ("You edit.", "folder", "")
        assert (binder.prompt, binder.source, binder.team) == ("You bind.", "folder", "books")
        assert [line.rpartition("agents/")[2] for line in desk.said] == [
            "a file.md → version 1",
            "books/binder.md → version 1",
        ]

    play(scene)


def test_a_change_is_a_new_version_and_starting_again_is_none(play: Any):
    async def scene(house: House, desk: Desk) -> None:
        desk.write("lector.md", LECTOR)
        await desk.look()
        desk.write("lector.md", LECTOR.replace("edit", "rewrite"))

        assert await desk.look() == ["↻ lector.md → version 2"]
        assert (await desk.agent()).prompt == "You rewrite."
        assert await Desk(desk.path, house).look() == []

    play(scene)


def test_a_broken_file_leaves_the_last_good_version_and_says_where(play: Any):
    async def scene(_: House, desk: Desk) -> None:
        desk.write("lector.md", LECTOR)
        await desk.look()
        desk.write("lector.md", "---\nname: Lector\nruntime: nativ\n---\nBroken.")

        [line] = await desk.look()
        assert line.startswith("✗ lector.md:3:1: runtime: unknown_runtime")
        assert "did you mean `native`?" in line
        assert (await desk.agent()).prompt == "You edit."

    play(scene)


def test_it_lies_over_the_catalog_and_over_what_was_saved(play: Any):
    async def scene(_: House, desk: Desk) -> None:
        catalog = await desk.agent("copywriter")
        desk.write("mine.md", "---\nname: copywriter\n---\nMine.")
        await desk.look()

        assert catalog.source == "catalog"
        assert (await desk.agent("copywriter")).prompt == "Mine."

    play(scene)


def test_a_file_that_is_removed_takes_nothing_back(play: Any):
    async def scene(_: House, desk: Desk) -> None:
        desk.write("lector.md", LECTOR)
        await desk.look()
        (desk.path / "lector.md").unlink()

        assert await desk.look() == ["↷ lector.md is gone; the agent `lector` stays as it was"]
        assert ((await desk.agent()).prompt, (await desk.agent()).source) == ("You edit.", "store")

    play(scene)


def test_two_files_cannot_hold_one_agent(play: Any):
    async def scene(_: House, desk: Desk) -> None:
        desk.write("a.md", LECTOR)
        await desk.look()
        desk.write("b.md", LECTOR.replace("edit", "rewrite"))

        [line] = await desk.look()
        assert "is also in" in line
        assert (await desk.agent()).prompt == "You edit."

    play(scene)


@pytest.mark.parametrize("freed", ["deleted", "renamed"])
def test_what_was_refused_as_a_second_is_taken_in_when_the_first_makes_room(play: Any, freed: str):
    """Nobody has to touch it for that."""

    async def scene(_: House, desk: Desk) -> None:
        desk.write("a.md", LECTOR)
        desk.write("b.md", LECTOR.replace("edit", "rewrite"))
        await desk.look()
        if freed == "deleted":
            (desk.path / "a.md").unlink()
        else:
            desk.write("a.md", LECTOR.replace("Lector", "Reader"))

        await desk.look()
        await desk.look()

        assert (await desk.agent()).prompt == "You rewrite."

    play(scene)


def test_a_folder_that_is_not_there_is_said_once_and_may_come(play: Any):
    async def scene(_: House, desk: Desk) -> None:
        desk.path.rmdir()
        [line] = await desk.look()
        assert "its agents stay as they were" in line
        assert await desk.look() == []
        desk.path.mkdir()
        desk.write("lector.md", LECTOR)

        assert await desk.look() == ["↻ lector.md → version 1"]

    play(scene)


def test_it_is_watched_until_it_is_told_to_stop(play: Any):
    async def scene(_: House, desk: Desk) -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()
        stop = asyncio.Event()
        desk.folder.say = heard.put_nowait
        watching = asyncio.create_task(desk.folder.watch(stop, 0.01))
        desk.write("lector.md", LECTOR)

        assert (await heard.get()).endswith("lector.md → version 1")
        stop.set()
        await watching

    play(scene)
