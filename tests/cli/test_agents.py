"""`tenuto agents`: who is there, a task for one, a talk with one, and their files."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Said
from cli.test_terminal import Terminal

Tenuto = Callable[..., Said]
Write = Callable[[str, str], Path]

KEEPER = """---
name: keeper
description: Keeps the tea. Ask it for some.
team: kitchen
model: scripted:script.yaml
tools: [node:debug.echo, node:debug.ehco]
approve: [node:debug.echo]
budget: {usd: 0.5}
---

You keep the tea.
"""
SCRIPT = """
delay: 0.005
rules:
  - when: {task: again}
    text: You asked for tea before.
  - when: {task: slowly}
    text: "%s"
  - turns:
      - {text: Let me look., calls: [{tool: "node:debug.echo", arguments: {value: tea}}]}
      - text: Here is your tea.
""" % ("tea " * 2_000)


@pytest.fixture
def keeper(write: Write) -> None:
    """An agent of the folder `agents/`, which asks before it calls its tool, with a model that is a script."""
    write("agents/kitchen/keeper.md", KEEPER)
    write("script.yaml", SCRIPT)


class TestList:
    def test_agents_stand_by_team_with_what_is_wrong(self, tenuto: Tenuto, keeper: None) -> None:
        """Those of the folder over those that come with Tenuto; what the default model is, and why."""
        said = tenuto("agents", "list")

        (line,) = [line for line in said.out.splitlines() if "keeper" in line]
        assert line.split()[:3] == ["kitchen", "keeper", "scripted:script.yaml"]
        assert "1 problem" in line
        assert "copywriter" in said.out
        assert "the default model is scripted:demo" in said.out

    def test_a_file_that_is_no_agent_is_told_too(self, tenuto: Tenuto, write: Write) -> None:
        write("agents/broken.md", "no front matter")

        said = tenuto("agents", "list")

        assert "agents/broken.md" in said.out
        assert "no_front_matter" in said.out

    def test_as_json(self, tenuto: Tenuto, keeper: None) -> None:
        items = {each["name"]: each for each in tenuto("agents", "list", "--team", "kitchen", "--json").last["items"]}

        assert items.keys() == {"keeper"}
        assert items["keeper"]["tools"] == ["node:debug.echo"]
        assert items["keeper"]["problems"][0]["code"] == "unknown_tool"

    def test_a_team_that_is_none(self, tenuto: Tenuto) -> None:
        assert "no agents of the team `nobody`" in tenuto("agents", "list", "--team", "nobody").err


class TestShow:
    def test_an_agent_is_shown_with_all_that_holds_for_it(self, tenuto: Tenuto, keeper: None) -> None:
        said = tenuto("agents", "show", "keeper").out

        assert all(
            part in said
            for part in ("scripted:script.yaml", "at most 25 turns", "node:debug.echo", "$0.5", "You keep the tea.")
        )
        assert "did you mean `node:debug.echo`" in said

    def test_a_file_is_an_agent_too(self, tenuto: Tenuto, keeper: None) -> None:
        assert tenuto("agents", "show", "agents/kitchen/keeper.md", "--json").last["name"] == "keeper"

    def test_one_that_is_not_there(self, tenuto: Tenuto) -> None:
        said = tenuto("agents", "show", "copywritr")

        assert said.code == 2
        assert "did you mean `copywriter`" in said.err


class TestRun:
    def test_the_answer_stands_alone_on_stdout(self, tenuto: Tenuto, keeper: None) -> None:
        """Who answers, and how it went, are told beside it; scripted models are called so."""
        said = tenuto("agents", "run", "copywriter", "Write a haiku", "-p", "tone=dry", "-p", "lines=3")

        assert said.code == 0
        assert "Write a haiku" in said.out
        assert "succeeded" not in said.out
        assert "copywriter  asks scripted:demo" in said.err
        assert "1 answer of scripted:demo" in said.err
        assert "tokens" in said.err

    def test_with_json_the_last_line_is_that_of_a_run(self, tenuto: Tenuto, keeper: None) -> None:
        said = tenuto("agents", "run", "keeper", "again", "--json", "-p", 'n={"a": 1}')

        assert said.last.keys() == {"id", "name", "status", "output", "error"}
        assert said.last["output"]["text"] == "You asked for tea before."
        assert tenuto("runs", "show", said.last["name"], "--json").last["input"]["parameters"] == {"n": {"a": 1}}

    def test_one_that_waits_is_answered_and_goes_on(self, tenuto: Tenuto, keeper: None) -> None:
        """As any run does: exit code 3, the command that answers, and `resume`."""
        waiting = tenuto("agents", "run", "keeper", "Some tea", "--no-wait")
        name = waiting.err.split("tenuto resume ")[1].split()[0]
        tenuto("runs", "signal", name, "agent/tool:1", "--approve")
        resumed = tenuto("resume", name)

        assert waiting.code == 3
        assert 'node:debug.echo: its file asks for a person {"value": "tea"}' in waiting.err
        assert resumed.code == 0
        assert resumed.out.rstrip().endswith("Here is your tea.")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["copywritr", "x"], "did you mean `copywriter`"),
            (["copywriter", " "], "there is no task"),
            (["copywriter", "x", "-p", "tone"], "KEY=VALUE"),
            (["copywriter", "x", "-p", "model=x"], "parameters.model"),
            (["copywriter", "x", "--model", "openai:gpt-5"], "no key for openai"),
            (["copywriter", "x", "--output", "[1]"], "JSON Schema"),
            (["missing.md", "x"], "missing.md cannot be read"),
            (["keeper", "x", "--output", "@none.json"], "--output @none.json cannot be read: No such file"),
            (["copywriter", "x", "--agents", "nowhere"], "no directory nowhere"),
        ],
    )
    def test_what_cannot_be_is_told_before_anything_runs(
        self, tenuto: Tenuto, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
    ) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)

        done = tenuto("agents", "run", *words)

        assert done.code == 2
        assert said in done.err

    def test_a_session_goes_on(self, tenuto: Tenuto, write: Write) -> None:
        """What was said before is part of the question."""
        write("agents/echo.md", "---\nname: echo\nmodel: scripted:turns.yaml\n---\nYou count.\n")
        write("turns.yaml", "turns:\n  - text: one\n  - text: two\n")

        said = [tenuto("agents", "run", "echo", "Count", "--session", "s").out.strip() for _ in range(2)]

        assert said == ["one", "two"]


class TestFiles:
    def test_a_new_agent_has_no_problems(self, tenuto: Tenuto, project: Path) -> None:
        """Its name may be a title; what is there already stays."""
        made = tenuto("agents", "new", "Release Writer", "--team", "engineering")
        checked = tenuto("agents", "check", "agents")
        again = tenuto("agents", "new", "release-writer", "--team", "engineering")

        assert (made.code, checked.code, again.code) == (0, 0, 2)
        assert (project / "agents/engineering/release-writer.md").is_file()
        assert "✓ 1 agent, no problems" in checked.out.replace("ok ", "✓ ")
        assert "is there already" in again.err

    @pytest.mark.parametrize("name", ["", "status", "9"])
    def test_a_name_that_cannot_be(self, tenuto: Tenuto, name: str, project: Path) -> None:
        assert tenuto("agents", "new", name).code == 2
        assert not (project / "agents").exists()

    def test_problems_have_their_place(self, tenuto: Tenuto, keeper: None) -> None:
        """A tool that is not there is a warning: the agent runs without it."""
        said = tenuto("agents", "check", "agents")

        assert said.code == 0
        assert "agents/kitchen/keeper.md:6:26: warning: tools: unknown_tool" in said.out

    def test_files_that_are_looked_at_together_know_each_other(self, tenuto: Tenuto, write: Write) -> None:
        """An agent may call one of its own folder; two of one name are told apart by nobody. What is wrong stands by line."""
        write("crew/ann.md", "---\nname: ann\ntools: [Bash, 'agent:bert', 'node:nothing']\nmodel: opanai:x\n---\nx\n")
        write("crew/bert.md", "---\nname: bert\n---\nx\n")
        write("crew/bert2.md", "---\nname: bert\n---\ny\n")

        said = tenuto("agents", "check", "crew")

        lines = [line.partition(" (")[0] for line in said.out.splitlines()]
        assert said.code == 2
        assert lines == [
            "crew/ann.md:3:9: warning: tools[0]: foreign_tool there is no tool `Bash` here; the agent runs without it",
            "crew/ann.md:3:30: warning: tools: unknown_tool there is no tool `node:nothing`",
            "crew/ann.md:4:1: warning: model: no_model `opanai` is no provider of models",
            "crew/bert2.md:2:1: name: duplicate the agent `bert` is also in crew/bert.md",
        ]

    def test_what_cannot_be_an_agent_is_an_error(self, tenuto: Tenuto, write: Write) -> None:
        write("bad.md", "---\nname: bad\nruntime: nativ\n---\nx\n")

        said = tenuto("agents", "check", "bad.md", "--json")

        assert said.code == 2
        assert said.last["problems"][0]["hint"] == "did you mean `native`?"
        assert tenuto("agents", "check", "nothing.md").code == 2

    def test_a_model_that_cannot_be_asked_is_warned_of(self, tenuto: Tenuto, write: Write) -> None:
        """With its line; the file is well all the same, for elsewhere there may be such a model."""
        write("bad.md", "---\nname: bad\nmodel: opanai:gpt-5\n---\nx\n")

        said = tenuto("agents", "check", "bad.md")

        assert said.code == 0
        assert "bad.md:3:1: warning: model: no_model `opanai` is no provider of models" in said.out

    def test_a_flow_that_names_no_agent_is_warned_of(self, tenuto: Tenuto, keeper: None, write: Write) -> None:
        """In bodies too; where the name stands."""
        write(
            "flow.yaml",
            "flow: f\nnodes:\n  a: {use: agent, with: {agent: keeper, task: x}}\n"
            "  m:\n    use: map\n    over: [1]\n    nodes:\n      b: {use: agent, with: {agent: keepr, task: x}}\n",
        )

        said = tenuto("check", "flow.yaml")

        assert said.code == 0
        assert "flow.yaml:8:30: warning: nodes.m.nodes.b.with.agent: unknown_agent" in said.out
        assert "did you mean `keeper`?" in said.out


class TestATalk:
    def test_without_such_an_agent_it_ends_as_any_command(self, tenuto: Tenuto) -> None:
        """What was opened for it is closed: the only words are what is wrong."""
        said = tenuto("agents", "chat", "nobody")

        assert said.code == 2
        assert said.err == "error: there is no agent `nobody` (`tenuto agents list` shows those that there are)\n"


class TestItsTools:
    def test_a_flow_of_this_folder_is_a_tool(self, tenuto: Tenuto, write: Write) -> None:
        """Without a server nothing is published: the file is the flow."""
        write(
            "double.yaml",
            "flow: double\ninput: {n: integer}\nnodes: {a: {use: set, with: {value: '${input.n * 2}'}}}\n",
        )
        write(
            "agents/counter.md", "---\nname: counter\nmodel: scripted:s.yaml\ntools: [flow:double]\n---\nYou count.\n"
        )
        write("s.yaml", 'turns: [{calls: [{tool: "flow:double", arguments: {n: 4}}]}, That is all.]\n')

        checked = tenuto("agents", "check", "agents")
        said = tenuto("agents", "run", "counter", "Count")

        assert checked.out == "✓ 1 agent, no problems\n"
        assert "✓ flow:double(n=4)" in said.err

    def test_what_is_to_be_approved_is_shown_in_full(self, tenuto: Tenuto, keeper: None, write: Write) -> None:
        """However long it is: by the run that waits, and by whoever looks at it days later."""
        value = " ".join(["tea"] * 100)
        write("script.yaml", f'turns: [{{calls: [{{tool: "node:debug.echo", arguments: {{value: {value}}}}}]}}]\n')

        said = tenuto("agents", "run", "keeper", "Some tea", "--no-wait")
        name = said.err.split("tenuto runs signal ")[1].split()[0]

        assert f"│ value: {value}\n" in said.err
        assert f"│ value: {value}\n" in tenuto("runs", "show", name).out


class TestAtATerminal:
    def test_it_speaks_as_it_works_and_asks_before_it_acts(self, project: Path, keeper: None) -> None:
        """Its words, its tool as one line, the question with the exact arguments, what it came to."""
        terminal = Terminal(project, "agents", "run", "keeper", "Some tea")
        terminal.read_until("[e]dit:")
        terminal.type("e")
        terminal.read_until('value = "tea":')
        terminal.type("green tea")
        code = terminal.end()

        assert code == 0
        assert "▶ keeper  asks scripted:script.yaml" in terminal.text
        assert "│ value: tea" in terminal.text
        assert '✓ node:debug.echo(value="green tea")' in terminal.text
        assert terminal.text.count("Here is your tea.") == 1
        assert "2 answers of scripted:script.yaml, 1 tool call" in terminal.text

    def test_a_talk(self, project: Path, keeper: None) -> None:
        """Answers as they come; ctrl-c stops an answer and not the talk; slash commands; the history stays private."""
        terminal = Terminal(project, "agents", "chat", "keeper")
        terminal.read_until("/help says")
        terminal.type("tea again")
        terminal.read_until("1 answer of")
        terminal.type("slowly")
        terminal.read_until("tea tea tea")
        terminal.process.send_signal(2)
        terminal.read_until("stopped")
        terminal.type("/tools")
        terminal.read_until("asks first")
        terminal.type("/cots")
        terminal.read_until("did you mean `/cost`?")
        terminal.type("/model scripted:demo")
        terminal.read_until("asks scripted:demo")
        terminal.type("/new")
        terminal.read_until("a new conversation")
        terminal.type("/exit")
        code = terminal.end()

        assert code == 0
        assert "You asked for tea before." in terminal.text
        assert "tenuto agents chat keeper --session chat-" in terminal.text
        assert (project / ".tenuto/chat-history").stat().st_mode & 0o077 == 0

    def test_a_talk_through_a_pipe(self, project: Path, keeper: None) -> None:
        """Each line is a message, each answer stands on stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "tenuto.cli", "agents", "chat", "keeper"],
            cwd=project, input="tea again\n\nonce again\n", capture_output=True, text=True, timeout=60,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == ["You asked for tea before."] * 2
