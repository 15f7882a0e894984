"""`tenuto tools …` and `tenuto mcp …` on a data directory."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Tenuto
from service.tools.fake_mcp import CLOSE, SEARCH, FakeMcp
from tenuto.ports.mcp import McpAnswer

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMcp:
    made = FakeMcp()
    monkeypatch.setattr("tenuto.bootstrap.tools.Connections", lambda *_, **__: made)
    return made


def test_tools_are_listed_shown_and_called(tenuto: Tenuto) -> None:
    listed = tenuto("tools", "list", "--kind", "node", "--json")
    shown = tenuto("tools", "show", "node:http.request")
    called = tenuto("tools", "call", "node:debug.echo", "-a", "value=3", "--json")
    near = tenuto("tools", "show", "node:http.requets")

    assert "node:debug.echo" in [tool["name"] for tool in listed.last["items"]]
    assert "answers text of strangers" in shown.out
    assert (called.code, called.last["output"]) == (0, 3)
    assert near.code == 2
    assert "did you mean `node:http.request`?" in near.err


def test_a_server_is_added_looked_at_approved_and_removed(tenuto: Tenuto, fake: FakeMcp) -> None:
    added = tenuto("mcp", "add", "--secret", "key", "tickets", "https://mcp.example.com")
    listed = tenuto("mcp", "list", "--json")
    fake.offers = [SEARCH, replace(CLOSE, description="Closes and pays.")]
    refused = tenuto("tools", "call", "mcp:tickets/close", "-a", "id=1")
    shown = tenuto("mcp", "show", "tickets")
    approved = tenuto("mcp", "approve", "tickets", "--yes")
    called = tenuto("tools", "call", "mcp:tickets/close", "-a", "id=1", "--json")
    removed = tenuto("mcp", "remove", "tickets")

    assert (added.code, "mcp:tickets/close" in added.out) == (0, True)
    assert listed.last["items"][0]["secret"] == "key"
    assert refused.code == 1
    assert "Closes and pays." in shown.err
    assert "changed" not in approved.out
    assert called.last["output"] == "close done"
    assert (removed.code, tenuto("mcp", "list", "--json").last["items"]) == (0, [])


@pytest.mark.nightly
def test_a_program_is_added_with_what_it_finds(tenuto: Tenuto) -> None:
    added = tenuto(
        "mcp", "add", "--env", "LANG=C", "--env-secret", "KEY=files_key", "files", "--", sys.executable, "-V", "--json"
    )
    state = tenuto("mcp", "list", "--json").last["items"][0]

    assert added.code == 0
    assert state["command"] == [sys.executable, "-V", "--json"]
    assert (state["env"], state["secrets"]) == (["LANG"], {"KEY": "files_key"})


@pytest.mark.nightly
def test_what_cannot_be_added_is_said(tenuto: Tenuto) -> None:
    name = tenuto("mcp", "add", "a/b", "https://mcp.example.com")
    pair = tenuto("mcp", "add", "--header", "nothing", "a", "https://mcp.example.com")
    none = tenuto("mcp", "approve", "nobody")
    late = tenuto("mcp", "add", "a", "https://mcp.example.com", "--timeout", "3")

    assert (name.code, pair.code, none.code, late.code) == (2, 2, 2, 2)
    assert "tenuto mcp add --timeout 3 NAME https://mcp.example.com" in late.err
    assert "a name such as `tickets`" in name.err
    assert "is not NAME=VALUE" in pair.err
    assert "there is no MCP server `nobody`" in none.err


def test_servers_and_services_of_the_settings_are_there(tenuto: Tenuto, write: Write) -> None:
    write(
        "tenuto.toml",
        '[mcp.servers.tickets]\nurl = "https://mcp.example.com"\n\n[tools.http.shop]\nurl = "https://shop.example.com"\n',
    )

    called = tenuto("tools", "call", "mcp:tickets/search", "--arguments", json.dumps({"query": "a"}), "--json")
    names = [tool["name"] for tool in tenuto("tools", "list", "--json").last["items"]]
    removed = tenuto("mcp", "remove", "tickets")

    assert called.last["output"] == "search done"
    assert {"mcp:tickets/search", "http:shop"} <= set(names)
    assert (removed.code, "stands in the settings" in removed.err) == (2, True)


def test_a_server_that_nobody_has_asked_is_named(tenuto: Tenuto, write: Write) -> None:
    """Else one would think that it has no tools. Afterwards they are listed, also when it is gone."""
    write("tenuto.toml", '[mcp.servers.tickets]\nurl = "https://mcp.example.com"\n')

    before = tenuto("tools", "list", "--kind", "mcp")
    servers = tenuto("mcp", "list")
    tenuto("mcp", "show", "tickets")
    after = tenuto("tools", "list", "--kind", "mcp")

    assert (before.code, before.out) == (0, "")
    assert "`tickets` has not been asked yet" in before.err
    assert "`tenuto mcp show tickets`" in before.err
    assert "not asked yet" in servers.out
    assert "mcp:tickets/search" in after.out
    assert after.err == ""


def test_who_only_looks_leaves_nothing_behind(tenuto: Tenuto, project: Path) -> None:
    for words in (
        ("tools", "list"),
        ("tools", "show", "debug.echo"),
        ("mcp", "list"),
        ("mcp", "remove", "a"),
        ("agents", "list"),
    ):
        tenuto(*words)

    assert list(project.iterdir()) == []


def test_what_cannot_be_called_is_not_started(tenuto: Tenuto, project: Path) -> None:
    """Bad input is bad input: nothing has failed."""
    unknown = tenuto("tools", "call", "node:debug.ecko")
    wrong = tenuto("tools", "call", "node:debug.sleep", "-a", "second=1", "--json")

    assert (unknown.code, wrong.code, wrong.out) == (2, 2, "")
    assert "did you mean `node:debug.echo`?" in unknown.err
    assert "`tenuto tools show node:debug.sleep` shows what it takes" in wrong.err
    assert list(project.iterdir()) == []


def test_a_kind_that_there_is_not_is_refused(tenuto: Tenuto) -> None:
    said = tenuto("tools", "list", "--kind", "mpc")

    assert said.code == 2
    assert "kinds are node, flow, agent, http, mcp, built-in" in said.err


def test_a_large_answer_is_a_file_that_can_be_fetched(tenuto: Tenuto, fake: FakeMcp, project: Path) -> None:
    """It is not printed, what is printed says how it is fetched, and what is there already is not overwritten."""
    text = "word " * 20_000
    fake.answers["search"] = McpAnswer(text)
    tenuto("mcp", "add", "tickets", "https://mcp.example.com")

    called = tenuto("tools", "call", "mcp:tickets/search", "-a", "query=a", "--json")
    listed = tenuto("files", "list", called.last["name"], "--json").last["items"]
    written = tenuto("files", "get", called.last["name"])
    again = tenuto("files", "get", called.last["name"])
    by_id = tenuto("files", "get", listed[0]["$file"], "--to", "other.txt", "--json")

    assert len(called.out) < 5_000
    assert "✓ node  mcp_tickets_search-call.txt (100 kB): word word" in called.err
    assert f"tenuto files get {called.last['name']}" in called.err
    assert (project / listed[0]["name"]).read_text() == text
    assert (written.code, again.code, "exists already" in again.err) == (0, 2, True)
    assert (by_id.last["size"], (project / "other.txt").read_text()) == (100_000, text)


def test_files_that_are_not_there_are_told_from_those_that_are(tenuto: Tenuto) -> None:
    run = tenuto("tools", "call", "node:document.write", "-a", "name=plan.md", "-a", "text=x", "--json").last["name"]

    nothing = tenuto("files", "get", "no-such-run")
    near = tenuto("files", "get", run, "plam.md")
    other = tenuto("files", "get", run, "plan.md", "--tenant", "other", "--to", "-")

    assert (nothing.code, near.code, other.code) == (2, 2, 0)
    assert "did you mean `plan.md`?" in near.err
