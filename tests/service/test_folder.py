"""A folder of flows as the source: what stands in it is what runs on `dev`."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from service.house import House, played
from tenuto.service import flows, folder
from tenuto.service.folder import Folder
from tenuto.service.refusals import Refused
from tenuto.service.startable import resolve

HELLO = "flow: hello\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: ${a}\n"

Scene = Callable[[House, "Desk"], Coroutine[Any, Any, None]]


class Desk:
    """A folder, what it says, and how its files are changed."""

    def __init__(self, path: Path, house: House) -> None:
        self.path, self.house = path, house
        self.said: list[str] = []
        self.folder = Folder(path, house.platform.flows, house.store, self.said.append)
        self._ticks = 0

    def write(self, name: str, text: str) -> None:
        """A file that is newer than any before, however coarse the clock of the disk is."""
        file = self.path / name
        file.write_text(text)
        self._ticks += 1
        os.utime(file, (1_000_000 + self._ticks, 1_000_000 + self._ticks))

    async def look(self) -> list[str]:
        """Two looks: one sees the change, the other that it has ended. What was said."""
        self.said.clear()
        await self.folder.look()
        await self.folder.look()
        return [line.replace(f"{self.path}{os.sep}", "") for line in self.said]

    async def runs(self, name: str = "hello") -> Any:
        """What a start on `dev` would run."""
        found = await resolve(self.house.platform, "default", name, None, "dev")
        return found.document["nodes"]["a"]["with"]["value"]  # type: ignore[index]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene], None]:
    path = tmp_path / "flows"
    path.mkdir()
    return lambda scene: played(lambda house: scene(house, Desk(path, house)))


class TestLoading:
    def test_what_is_there_at_the_start_is_published_to_dev(self, play: Any):
        """At once; whatever has no ending of a flow is left alone."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            desk.write("other.json", '{"flow": "other", "nodes": {"a": {"use": "set", "with": {"value": 2}}}}')
            desk.write("README.md", "# flows")
            desk.write(".hidden.yaml", "no flow")
            loaded = await folder.load(house.platform, desk.path, desk.said.append)

            assert loaded.path == desk.path
            assert (await desk.runs(), await desk.runs("other")) == (1, 2)
            assert [line.rpartition("/")[2] for line in desk.said] == [
                "hello.yaml → version 1",
                "other.json → version 1",
            ]

        play(scene)

    def test_starting_again_makes_no_versions(self, play: Any):
        """Nothing changed, and nothing is said."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            again = Desk(desk.path, house)

            assert await again.look() == []
            assert await desk.runs() == 1

        play(scene)

    def test_a_folder_that_is_not_there_is_said_once(self, play: Any):
        """It may come."""

        async def scene(house: House, desk: Desk) -> None:
            desk.path.rmdir()
            assert len(await desk.look()) == 1
            assert await desk.look() == []
            desk.path.mkdir()
            desk.write("hello.yaml", HELLO)

            assert await desk.look() == ["↻ hello.yaml → version 1"]

        play(scene)


class TestChanging:
    def test_a_change_is_a_new_version_on_dev(self, play: Any):
        """And a line that says so."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            desk.write("hello.yaml", HELLO.replace("value: 1", "value: 2"))

            assert await desk.look() == ["↻ hello.yaml → version 2"]
            assert await desk.runs() == 2

        play(scene)

    def test_a_comment_is_no_version(self, play: Any):
        """It means the same."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            desk.write("hello.yaml", f"# why\n{HELLO}")

            assert await desk.look() == []

        play(scene)

    def test_a_file_that_is_being_written_is_not_read_by_halves(self, play: Any):
        """It is read when it has been still from one look to the next."""

        async def scene(house: House, desk: Desk) -> None:
            for end in range(10, len(HELLO), 10):
                desk.write("hello.yaml", HELLO[:end])
                await desk.folder.look()
            desk.write("hello.yaml", HELLO)

            assert desk.said == []
            assert await desk.look() == ["↻ hello.yaml → version 1"]

        play(scene)

    def test_a_broken_file_keeps_the_last_good_version(self, play: Any):
        """The problem is said once, with its place; mending it goes on."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            desk.write("hello.yaml", HELLO.replace("use: set", "use: st"))
            said = await desk.look()

            assert said == [
                "✗ hello.yaml:3:7: nodes.a.use: unknown_type there is no node type `st` (did you mean `set`?)"
            ]
            assert await desk.look() == []
            assert await desk.runs() == 1
            desk.write("hello.yaml", HELLO.replace("value: 1", "value: 3"))
            assert await desk.look() == ["↻ hello.yaml → version 2"]
            assert await desk.runs() == 3

        play(scene)

    def test_many_problems_are_cut(self, play: Any):
        """A page of them helps nobody."""

        async def scene(house: House, desk: Desk) -> None:
            nodes = "".join(f"  n{number}: {{use: nothing}}\n" for number in range(20))
            desk.write("hello.yaml", f"flow: hello\nnodes:\n{nodes}")
            said = await desk.look()

            assert len(said) == 6
            assert said[-1] == "✗ hello.yaml: and 15 more problems"

        play(scene)

    def test_two_files_cannot_hold_one_flow(self, play: Any):
        """The first keeps it."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("a.yaml", HELLO)
            desk.write("b.yaml", HELLO.replace("value: 1", "value: 2"))
            said = await desk.look()

            assert said[1].startswith("✗ b.yaml:1:1: flow: duplicate the flow `hello` is also in ")
            assert await desk.runs() == 1

        play(scene)

    def test_what_another_flow_has_already_is_said(self, play: Any):
        """Here: a route of a trigger. The version is not kept either."""
        hook = "flow: {}\ntriggers: [{{http: {{path: /orders, auth: none}}}}]\nnodes: {{a: {{use: set, with: {{value: 1}}}}}}\n"

        async def scene(house: House, desk: Desk) -> None:
            desk.write("a.yaml", hook.format("one"))
            desk.write("b.yaml", hook.format("two"))
            said = await desk.look()

            assert said[0] == "↻ a.yaml → version 1"
            assert said[1].startswith("✗ b.yaml: `one` takes POST /orders in `dev` already")

        play(scene)


class TestOwning:
    def test_a_flow_of_a_file_is_changed_there(self, play: Any):
        """A broken file owns its flow as well, from the start."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO.replace("use: set", "use: nothing"))
            await desk.look()
            with pytest.raises(Refused, match=r"comes from .*hello\.yaml"):
                await house.save(HELLO)

        play(scene)

    def test_a_file_that_is_gone_takes_nothing_back(self, play: Any):
        """Its flow stays, and is everybody's."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            (desk.path / "hello.yaml").unlink()
            said = await desk.look()
            source = house.platform.flows.sources.of("default", "hello")

            assert said == ["↷ hello.yaml is gone; the flow `hello` stays as it was"]
            assert source is not None
            assert source.gone
            assert await desk.runs() == 1
            assert await house.save(HELLO.replace("value: 1", "value: 2")) == ("hello", 2)

        play(scene)

    def test_it_takes_its_flow_again_when_it_is_back(self, play: Any):
        """What was changed meanwhile is in the history."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            (desk.path / "hello.yaml").unlink()
            await desk.look()
            await house.publish(HELLO.replace("value: 1", "value: 2"))
            desk.write("hello.yaml", HELLO)

            assert await desk.look() == ["↻ hello.yaml → version 3"]
            assert await desk.runs() == 1

        play(scene)

    def test_a_flow_that_is_renamed_leaves_the_old_one(self, play: Any):
        """As if its file were gone."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", HELLO)
            await desk.look()
            desk.write("hello.yaml", HELLO.replace("flow: hello", "flow: bye"))
            await desk.look()

            assert house.platform.flows.sources.file("default", "hello") is None
            assert await desk.runs("bye") == 1

        play(scene)

    def test_it_belongs_to_one_tenant(self, play: Any):
        """A flow of that name elsewhere is another."""

        async def scene(house: House, desk: Desk) -> None:
            await house.tenant("other")
            desk.write("hello.yaml", HELLO)
            await desk.look()

            assert await house.save(HELLO, "other") == ("hello", 1)

        play(scene)


class TestWatching:
    def test_it_goes_on_until_it_is_told_to_stop(self, play: Any):
        """Changes are taken in meanwhile, and a look that fails does not end it."""

        async def scene(house: House, desk: Desk) -> None:
            stop, heard = asyncio.Event(), asyncio.Queue[str]()
            desk.folder.say = heard.put_nowait
            real = desk.folder.store
            watching = asyncio.create_task(desk.folder.watch(stop, 0.01))
            desk.folder.store = None  # type: ignore[assignment]  # as good as any fault
            desk.write("hello.yaml", HELLO)
            fault = await asyncio.wait_for(heard.get(), 20)
            desk.folder.store = real
            mended = await asyncio.wait_for(heard.get(), 20)
            stop.set()
            await asyncio.wait_for(watching, 20)

            assert "NoneType" in fault
            assert mended.endswith("hello.yaml → version 1")

        play(scene)

    def test_what_the_file_says_is_kept_word_for_word(self, play: Any):
        """So that it can be had from the API as it stands in Git."""

        async def scene(house: House, desk: Desk) -> None:
            desk.write("hello.yaml", f"# why\n{HELLO}")
            await desk.look()
            async with house.store.read() as tx:
                shown = await flows.get(house.platform.flows, tx, house.who(), "hello")

            assert flows.text_of(shown, flows.YAML) == f"# why\n{HELLO}"
            assert shown.source is not None
            assert shown.source.shown.endswith("hello.yaml")

        play(scene)
