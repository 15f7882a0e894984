"""Agents on a real server: a folder that changes."""

from pathlib import Path

from acceptance.process import until, up

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
