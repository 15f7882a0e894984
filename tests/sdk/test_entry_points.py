"""Installed packages of nodes are found as `importlib.metadata` finds them, without importing it."""

import importlib.metadata
from pathlib import Path

from tenuto.sdk.entry_points import EntryPoint, entry_points


def install(folder: Path, dist: str, text: str) -> None:
    (folder / f"{dist}-1.0.dist-info").mkdir(parents=True)
    (folder / f"{dist}-1.0.dist-info" / "entry_points.txt").write_text(text)


def test_the_same_is_found_as_by_the_standard_library() -> None:
    """The shortcut reads the same files."""
    found = {(entry.name, entry.module) for entry in entry_points()}

    assert found == {(entry.name, entry.value) for entry in importlib.metadata.entry_points(group="tenuto.nodes")}
    assert ("debug", "tenuto.nodes.debug") in found


def test_the_same_holds_for_a_group_of_somebody_else() -> None:
    """Also where values name an attribute."""
    found = {(entry.name, entry.module) for entry in entry_points("console_scripts")}

    assert found == {(entry.name, entry.module) for entry in importlib.metadata.entry_points(group="console_scripts")}


def test_other_groups_comments_and_extras_are_left_out(tmp_path: Path) -> None:
    """An ini file is read, no more of it than is asked for."""
    install(
        tmp_path,
        "Slack_Nodes",
        "[other]\na = b\n\n[tenuto.nodes]\n# a comment\nslack = slack_nodes.slack [extra]\n[more]\nc = d\n",
    )

    assert entry_points(path=[str(tmp_path)]) == [EntryPoint("slack", "slack_nodes.slack", "slack-nodes")]


def test_the_first_installation_of_a_distribution_wins(tmp_path: Path) -> None:
    """As it does for imports."""
    install(tmp_path / "first", "slack", "[tenuto.nodes]\nslack = first\n")
    install(tmp_path / "second", "slack", "[tenuto.nodes]\nslack = second\n")

    found = entry_points(path=[str(tmp_path / "first"), str(tmp_path / "second"), str(tmp_path / "missing")])

    assert [entry.module for entry in found] == ["first"]
