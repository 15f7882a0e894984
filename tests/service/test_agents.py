"""Agents are saved in versions over those of the catalog, listed, shown and deleted."""

import json
from collections.abc import Collection
from typing import Any

import pytest

from service.house import House, played
from tenuto.ports.records import BadCursor
from tenuto.service import agents
from tenuto.service.agents import JSON, MARKDOWN, Checked, Saved, Shown
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.sources import SourceFile

EDITOR = "---\nname: lector\ndescription: Edits.\nteam: books\n---\nYou edit.\n"

WRONG: list[tuple[str | bytes, str, str]] = [
    ("# Hello", MARKDOWN, "no_front_matter"),
    ("---\nruntime: x\n---\nHi.", MARKDOWN, "unknown_runtime"),
    ("---\nname: writer\n---\nHi.", MARKDOWN, "other_name"),
    ("---\nname: status\n---\nHi.", MARKDOWN, "reserved"),
    (b"\xff", MARKDOWN, "encoding"),
    ("---\n---\n" + "a" * 2**20, MARKDOWN, "too_large"),
    ("[]", JSON, "wrong_type"),
    ("{}", JSON, "missing"),
    ("{", JSON, "json"),
    ('{"prompt": ""}', JSON, "no_prompt"),
    ('{"prompt": "a", "tool": []}', JSON, "unknown_key"),
    ('{"prompt": "a", "tools": 5}', JSON, "wrong_type"),
    ('{"prompt": "a", "prompt": "b"}', JSON, "duplicate_key"),
    ('{"prompt": "\\u0000"}', JSON, "encoding"),
    ('{"prompt": "\\ud800"}', JSON, "encoding"),
]


async def checked(house: House, text: str | bytes, media_type: str = MARKDOWN, name: str = "lector") -> Checked:
    content = text if isinstance(text, bytes) else text.encode()
    return await agents.read(house.platform.agents, house.who(), content, media_type, name)


async def save(house: House, text: str = EDITOR, name: str = "lector", tenant: str = "default", **more: Any) -> Saved:
    made = await checked(house, text, name=name)
    async with house.store.write() as tx:
        return await agents.save(house.platform.agents, tx, house.who(tenant), name, made, **more)


async def shown(house: House, name: str = "lector", tenant: str = "default") -> Shown:
    async with house.store.read() as tx:
        return await agents.show(house.platform.agents, tx, house.who(tenant), name)


async def listed(house: House, tenant: str = "default", **more: Any) -> list[str]:
    async with house.store.read() as tx:
        page = await agents.listing(house.platform.agents, tx, house.who(tenant), **more)
    return [each.agent.name for each in page.items]


async def delete(house: House, name: str = "lector", tenant: str = "default", match: Collection[str] = ()) -> None:
    async with house.store.write() as tx:
        await agents.delete(house.platform.agents, tx, house.who(tenant), name, match=match)


async def history(house: House, name: str = "lector", tenant: str = "default") -> list[int]:
    async with house.store.read() as tx:
        page = await agents.history(house.platform.agents, tx, house.who(tenant), name)
    return [entry.number for entry in page.items]


def refused(code: str, message: str | None = None) -> "pytest.RaisesExc[Refused]":
    return pytest.raises(Refused, match=message, check=lambda error: error.code == code)


class TestSaving:
    def test_each_change_is_a_version_and_the_same_again_is_not(self):
        async def scene(house: House) -> None:
            first = await save(house)
            same = await save(house, EDITOR.replace("description: Edits.", "description: 'Edits.'  # well"))
            second = await save(house, EDITOR.replace("edit.", "edit well."))

            assert (first.number, first.new, same.number, same.new) == (1, True, 1, False)
            assert (second.number, second.new) == (2, True)
            assert first.hash == same.hash != second.hash

        played(scene)

    def test_it_is_kept_word_for_word(self):
        async def scene(house: House) -> None:
            await save(house, EDITOR + "\n<!-- mine -->")
            found = await shown(house)

            assert found.version is not None
            assert found.version.source == EDITOR + "\n<!-- mine -->"
            assert (found.agent.source, found.agent.team, found.file) == ("store", "books", None)

        played(scene)

    def test_a_file_without_a_name_takes_the_one_it_is_saved_under(self):
        async def scene(house: House) -> None:
            await save(house, "---\nmodel: sonnet\n---\nHi.")
            await save(house, "---\nname: Backend Developer\n---\nHi.", name="backend-developer")

            assert (await shown(house)).agent.model == ("sonnet",)
            assert (await shown(house, "Backend Developer")).agent.extra == {"title": "Backend Developer"}

        played(scene)

    def test_it_may_come_as_json(self):
        async def scene(house: House) -> None:
            said = {
                "prompt": "You edit.",
                "tools": ["ask_person"],
                "budget": {"usd": 1},
                "extra": {"color": "red", "x": [1]},
            }
            made = await checked(house, json.dumps(said), JSON)
            agent = made.loaded.agent

            assert agent is not None
            assert (agent.name, agent.prompt, agent.budget, agent.extra) == (
                "lector",
                "You edit.",
                {"usd": 1},
                {"color": "red", "x": [1]},
            )
            assert made.source.startswith("---\nname: lector\n")

        played(scene)

    def test_what_cannot_be_saved_says_why(self):
        async def scene(house: House) -> None:
            for body, media_type, code in WRONG:
                made = await checked(house, body, media_type)
                with pytest.raises(Invalid) as wrong:
                    async with house.store.write() as tx:
                        await agents.save(house.platform.agents, tx, house.who(), "lector", made)

                assert [problem.code for problem in wrong.value.problems] == [code], body[:40]

        played(scene)

    def test_a_name_that_cannot_be_is_refused(self):
        async def scene(house: House) -> None:
            for name in ("Editor", "status", "execute", "3d", "", "a" * 64, "a/b"):
                with refused("invalid"):
                    await save(house, "---\n---\nHi.", name=name)

        played(scene)

    def test_another_media_type_is_refused(self):
        async def scene(house: House) -> None:
            with refused("unsupported_media_type"):
                await checked(house, EDITOR, "application/yaml")

        played(scene)

    def test_tools_that_are_not_there_are_told_with_near_names_and_do_not_refuse_it(self):
        async def scene(house: House) -> None:
            made = await checked(house, "---\ntools: [node:http.requst, Bash]\n---\nHi.")

            assert made.loaded.agent is not None
            assert [(each.path, each.code, each.severity) for each in made.problems] == [
                ("tools[1]", "foreign_tool", "warning"),
                ("tools", "unknown_tool", "warning"),
            ]
            assert "node:http.request" in str(made.problems[1])

        played(scene)

    def test_it_is_audited_and_what_changes_nothing_is_not(self):
        async def scene(house: House) -> None:
            await save(house)
            await save(house)
            await delete(house)
            async with house.store.read() as tx:
                page = await tx.audit.list("default")

            assert [(entry.action, entry.subject) for entry in page.items][::-1] == [
                ("agents.save", "lector"),
                ("agents.delete", "lector"),
            ]

        played(scene)


class TestMatching:
    def test_nobody_writes_over_what_somebody_else_has_changed(self):
        async def scene(house: House) -> None:
            first = await save(house, match=())
            second = await save(house, EDITOR + "More.", match=[first.hash])
            with refused("changed", "has changed since"):
                await save(house, EDITOR + "Less.", match=[first.hash])
            with refused("changed"):
                await delete(house, match=[first.hash])
            await save(house, EDITOR + "Any.", match=["*"])
            with refused("changed", "not there any more"):
                await save(house, "---\n---\nHi.", name="writer", match=["*"])

            assert second.number == 2
            assert (await shown(house)).agent.prompt.endswith("Any.")

        played(scene)

    def test_one_of_the_catalog_counts_as_what_is_there(self):
        async def scene(house: House) -> None:
            now = (await shown(house, "copywriter")).agent.version

            saved = await save(house, "---\n---\nMine.", name="copywriter", match=[now, "other"])

            assert saved.number == 1

        played(scene)


class TestCatalog:
    def test_it_lies_below_what_the_tenant_saves(self):
        async def scene(house: House) -> None:
            before = await shown(house, "copywriter")
            await save(house, "---\n---\nMine.", name="copywriter")
            mine = await shown(house, "copywriter")
            await delete(house, "copywriter")
            after = await shown(house, "copywriter")

            assert (before.agent.source, before.version) == ("catalog", None)
            assert (mine.agent.source, mine.agent.prompt) == ("store", "Mine.")
            assert after == before
            assert await history(house, "copywriter") == [1]

        played(scene)

    def test_it_cannot_be_deleted(self):
        async def scene(house: House) -> None:
            with refused("conflict", "comes with Tenuto"):
                await delete(house, "copywriter")

        played(scene)

    def test_it_has_no_history(self):
        async def scene(house: House) -> None:
            assert await history(house, "copywriter") == []

        played(scene)


class TestLooking:
    def test_they_are_listed_by_name_whatever_they_come_from(self):
        async def scene(house: House) -> None:
            await save(house)
            await save(house, "---\nteam: mine\n---\nHi.", name="copywriter")
            await save(house, "---\n---\nHi.", name="analyser", tenant="default")
            names = await listed(house, limit=500)

            assert names == sorted(names)
            assert {"analyser", "copywriter", "lector", "technical-writer"} <= set(names)
            assert len(names) == len(set(names))
            assert await listed(house, source="store") == ["analyser", "copywriter", "lector"]
            assert await listed(house, team="books") == ["lector"]
            assert await listed(house, team="mine", source="store") == ["copywriter"]
            assert "copywriter" not in await listed(house, team="marketing", limit=500)
            assert await listed(house, q="LECT") == [name for name in names if "lect" in name]
            assert await listed(house, source="folder") == []

        played(scene)

    def test_a_list_is_read_in_pages(self):
        async def scene(house: House) -> None:
            whole, names, cursor = await listed(house, limit=500), list[str](), None
            async with house.store.read() as tx:
                while True:
                    page = await agents.listing(house.platform.agents, tx, house.who(), limit=5, cursor=cursor)
                    names += [each.agent.name for each in page.items]
                    if (cursor := page.next_cursor) is None:
                        break

            assert names == whole

        played(scene)

    def test_a_cursor_of_somewhere_else_is_refused(self):
        async def scene(house: House) -> None:
            for cursor in ("ä", "a", "_w", "!!"):
                with pytest.raises(BadCursor):
                    await listed(house, cursor=cursor)

        played(scene)

    def test_a_version_is_shown_as_it_was_and_outlives_its_agent(self):
        async def scene(house: House) -> None:
            shelf = house.platform.agents
            await save(house)
            await save(house, EDITOR + "More.")
            await delete(house)
            async with house.store.read() as tx:
                first = await agents.show_version(shelf, tx, house.who(), "lector", 1)
                with refused("not_found"):
                    await agents.show_version(shelf, tx, house.who(), "lector", 9)

            assert first.agent.prompt == "You edit."
            assert await history(house) == [2, 1]
            with refused("not_found"):
                await shown(house)

        played(scene)

    def test_one_that_there_is_not_is_told_with_a_near_name(self):
        async def scene(house: House) -> None:
            for ask in (shown, delete, history):
                with pytest.raises(Refused, check=lambda error: error.hint == "did you mean `copywriter`?"):
                    await ask(house, "copywritter")

        played(scene)

    def test_another_tenant_sees_none_of_it(self):
        async def scene(house: House) -> None:
            await house.tenant("other")
            await save(house)
            await save(house, EDITOR + "Theirs.", tenant="other")
            await delete(house, tenant="other")

            assert (await shown(house)).agent.prompt == "You edit."
            assert "lector" not in await listed(house, tenant="other", limit=500)
            with refused("not_found"):
                await shown(house, tenant="other")

        played(scene)


class TestFromFiles:
    def test_what_a_folder_owns_is_changed_there(self):
        async def scene(house: House) -> None:
            await save(house, file="agents/lector.md")
            house.platform.agents.sources.files["lector"] = SourceFile("agents/lector.md")

            assert (await shown(house)).agent.source == "folder"
            assert await listed(house, source="folder") == ["lector"]
            with refused("conflict", "comes from agents/lector.md"):
                await save(house, EDITOR + "More.")
            with refused("conflict"):
                await delete(house)

        played(scene)
