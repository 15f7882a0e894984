"""Agents come from files and from what was saved; of two of one name the nearer one holds."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tenuto.bootstrap.agent_shelf import CATALOG
from tenuto.ports.store import Store
from tenuto.ports.tenants import Tenant
from tenuto.sdk.errors import NodeError
from tenuto.service.agent_sources import AgentFiles, Layers, SavedAgents
from tenuto.service.sources import SourceFile, Sources
from tenuto.stores.sql.opening import temporary_store


def agent(name: str, prompt: str = "Hi.", **more: str) -> str:
    return "\n".join(["---", f"name: {name}", *(f"{key}: {value}" for key, value in more.items()), "---", prompt, ""])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "books").mkdir()
    (tmp_path / "One Writer.md").write_text(agent("Some Writer"))
    (tmp_path / "books" / "editor.md").write_text("---\ndescription: Edits.\n---\nHi.")
    (tmp_path / "notes.txt").write_text(agent("notes"))
    (tmp_path / ".hidden.md").write_text(agent("hidden"))
    (tmp_path / "README.md").write_text("# Our agents\n")
    return tmp_path


@pytest.fixture
async def store() -> AsyncGenerator[Store]:
    store = await temporary_store()
    async with store.write() as tx:
        await tx.tenants.add(Tenant("other", "other", 1.0))
    yield store
    await store.close()


async def save(store: Store, name: str, source: str, tenant: str = "default") -> None:
    async with store.write() as tx:
        await tx.agents.add(tenant, name, hash=source, source=source, description="", team="", by="ann", at=1.0)


class TestFiles:
    async def test_an_agent_is_found_by_its_name_wherever_its_file_is(self, folder: Path) -> None:
        files = AgentFiles(folder, "folder")

        writer = await files.find("some-writer", tenant="default")
        editor = await files.find("editor", tenant="default")

        assert writer is not None
        assert editor is not None
        assert (writer.source, writer.team, writer.extra["title"]) == ("folder", "", "Some Writer")
        assert (editor.description, editor.team) == ("Edits.", "books")
        assert await files.names(tenant="default") == ["editor", "some-writer"]
        assert await files.find("hidden", tenant="default") is None

    async def test_a_file_that_changes_is_read_again(self, folder: Path) -> None:
        files = AgentFiles(folder, "folder")
        before = await files.find("editor", tenant="default")
        (folder / "books" / "editor.md").write_text(agent("editor", "Changed."))
        os.utime(folder / "books" / "editor.md", ns=(1, 1))

        after = await files.find("editor", tenant="default")
        (folder / "books" / "editor.md").unlink()

        assert before is not None
        assert after is not None
        assert (before.prompt, after.prompt) == ("Hi.", "Changed.")
        assert before.version != after.version
        assert await files.find("editor", tenant="default") is None

    async def test_what_never_changes_is_read_once(self, folder: Path) -> None:
        files = AgentFiles(folder, "catalog", still=True)
        before = await files.find("editor", tenant="default")
        (folder / "books" / "editor.md").unlink()

        assert await files.find("editor", tenant="default") is before is not None

    async def test_a_file_with_problems_says_them_when_it_is_asked_for(self, folder: Path) -> None:
        (folder / "broken.md").write_text("---\nname: Broken One\nruntime: none\n---\nHi.")
        files = AgentFiles(folder, "folder")

        assert "broken-one" not in await files.names(tenant="default")
        with pytest.raises(NodeError, match=r"broken\.md has problems: runtime: unknown_runtime") as refused:
            await files.find("broken-one", tenant="default")
        assert (refused.value.type, refused.value.retry) == ("agent", False)

    async def test_a_folder_that_is_not_there_has_no_agents(self, tmp_path: Path) -> None:
        files = AgentFiles(tmp_path / "none", "folder")

        assert await files.names(tenant="default") == []
        assert await files.find("editor", tenant="default") is None

    async def test_a_folder_may_be_one_tenants(self, folder: Path) -> None:
        files = AgentFiles(folder, "folder", tenant="default")

        assert await files.find("editor", tenant="other") is None
        assert await files.names(tenant="other") == []


class TestSaved:
    async def test_the_newest_version_is_found(self, store: Store) -> None:
        await save(store, "editor", agent("editor", "One."))
        await save(store, "editor", agent("editor", "Two."))

        found = await SavedAgents(store).find("editor", tenant="default")

        assert found is not None
        assert (found.prompt, found.source) == ("Two.", "store")

    async def test_what_a_folder_owns_says_so(self, store: Store) -> None:
        await save(store, "editor", agent("editor"))
        sources = Sources(files={"editor": SourceFile("agents/editor.md")})

        found = await SavedAgents(store, sources).find("editor", tenant="default")

        assert found is not None
        assert found.source == "folder"

    async def test_another_tenants_are_not_there(self, store: Store) -> None:
        await save(store, "spy", agent("spy"), tenant="other")

        assert await SavedAgents(store).find("spy", tenant="default") is None
        assert await SavedAgents(store).names(tenant="default") == []
        assert await SavedAgents(store).names(tenant="other") == ["spy"]


class TestLayers:
    async def test_the_nearer_one_hides_the_other(self, store: Store, folder: Path) -> None:
        await save(store, "editor", agent("editor", "Ours."))
        layers = Layers([SavedAgents(store), AgentFiles(folder, "catalog")])

        ours, theirs = await layers.find("editor", tenant="default"), await layers.find("editor", tenant="other")

        assert ours is not None
        assert theirs is not None
        assert (ours.prompt, theirs.prompt) == ("Ours.", "Hi.")
        assert await layers.names(tenant="default") == ["editor", "some-writer"]
        assert [each.prompt for each in await layers.agents(tenant="default")] == ["Ours.", "Hi."]
        assert await layers.find("none", tenant="default") is None


class TestCatalog:
    async def test_each_agent_of_the_catalog_has_the_name_of_its_file_and_the_team_of_its_folder(self) -> None:
        catalog = AgentFiles(CATALOG, "catalog")

        paths = sorted(CATALOG.rglob("*.md"))
        found = [await catalog.find(path.stem, tenant="anybody") for path in paths]

        assert len(paths) >= 3
        for path, each in zip(paths, found, strict=True):
            assert each is not None, path
            assert each.team == path.parent.name
            assert each.problems == (), path
            assert each.description, path
