"""`tenuto runs show RUN --logs`: what nodes said with `ctx.log`."""

from collections.abc import Callable
from pathlib import Path

from cli.flows import CHATTY, HELLO

Write = Callable[[str, str], Path]

TALK = """
flow: talk
nodes:
  first: {use: chat.say, with: {to: Ann}}
  each:
    use: map
    over: [Bob, "Cid\\n\\e[2J"]
    concurrency: 1
    nodes: {say: {use: chat.say, with: {to: "${item}"}}}
    output: ${say}
    after: [first]
"""


def test_the_lines_are_printed_with_time_path_text_and_fields(tenuto, write: Write) -> None:
    """A line each, the oldest first."""
    write("nodes/chatty.py", CHATTY)
    write("talk.yaml", TALK)
    tenuto("run", "talk.yaml", "--name", "t")

    said = tenuto("runs", "show", "t", "--logs")

    lines = [line.split("  ") for line in said.out.splitlines()]
    assert said.code == 0
    assert lines[0][1:] == ["first", "greeting", 'to="Ann" times=2']
    assert lines[1][1:] == ["first", "two lines"]
    assert all(time.count(":") == 2 for time, *_ in lines)
    assert len(lines) == 6


def test_json_has_them_under_logs(tenuto, write: Write) -> None:
    """Beside what is told of the run anyway, and only where they were asked for."""
    write("nodes/chatty.py", CHATTY)
    write("talk.yaml", TALK)
    tenuto("run", "talk.yaml", "--name", "t")

    view = tenuto("runs", "show", "t", "--logs", "--json").last

    assert view["status"] == "succeeded"
    assert {**view["logs"][0], "at": ""} == {
        "at": "",
        "path": "first",
        "text": "greeting",
        "fields": {"to": "Ann", "times": 2},
    }
    assert view["logs"][0]["at"].endswith("Z")
    assert view["logs"][1]["fields"] == {}
    assert "logs" not in tenuto("runs", "show", "t", "--json").last


def test_under_a_path_only_what_was_said_there(tenuto, write: Write) -> None:
    """A node, all of a map, or one node in it."""
    write("nodes/chatty.py", CHATTY)
    write("talk.yaml", TALK)
    tenuto("run", "talk.yaml", "--name", "t")

    def paths(under: str) -> list[str]:
        view = tenuto("runs", "show", "t", "--logs", "--under", under, "--json").last
        return [each["path"] for each in view["logs"]]

    assert paths("first") == ["first"] * 2
    assert paths("each") == ["each[0].say"] * 2 + ["each[1].say"] * 2
    assert paths("each[1].say") == ["each[1].say"] * 2


def test_what_a_node_says_cannot_move_the_cursor(tenuto, write: Write) -> None:
    """Text of others stays on its line."""
    write("nodes/chatty.py", CHATTY.replace('"two lines"', r'"two\nlines \x1b[2J"'))
    write("talk.yaml", TALK)
    tenuto("run", "talk.yaml", "--name", "t")

    said = tenuto("runs", "show", "t", "--logs")

    assert "\x1b" not in said.out
    assert "two lines" in said.out
    assert len(said.out.splitlines()) == 6


def test_a_run_that_logged_nothing_says_so(tenuto, write: Write) -> None:
    """On stderr; the list of JSON is empty."""
    write("hello.yaml", HELLO)
    tenuto("run", "hello.yaml", "--name", "h")

    said = tenuto("runs", "show", "h", "--logs")

    assert (said.code, said.out, said.err) == (0, "", "nothing was logged in h\n")
    assert tenuto("runs", "show", "h", "--logs", "--json").last["logs"] == []
