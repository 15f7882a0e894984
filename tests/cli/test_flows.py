"""`tenuto flows …` on the store of a data directory."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Tenuto

Write = Callable[[str, str], Path]

HELLO = """\
# Says hello.
flow: hello
input:
  name: {type: string, default: world}
nodes:
  greet: {use: set, with: {value: "Hello ${input.name}"}}
output: ${greet}
"""
LATER = HELLO.replace("Hello $", "Bye $")


@pytest.fixture
def saved(tenuto: Tenuto, write: Write) -> None:
    for text in (HELLO, LATER):
        write("hello.yaml", text)
        assert tenuto("flows", "save", "hello.yaml").code == 0


class TestSaving:
    def test_each_change_is_a_version(self, tenuto: Tenuto, write: Write):
        """What means the same is none."""
        write("hello.yaml", HELLO)
        first, again = tenuto("flows", "save", "hello"), tenuto("flows", "save", "hello.yaml", "--json")
        write("hello.yaml", LATER)
        changed = tenuto("flows", "save", "hello.yaml")

        assert first.out == "hello: version 1 is new\n"
        assert again.last["version"] == 1
        assert changed.out == "hello: version 2 is new\n"

    def test_problems_are_said_with_their_places(self, tenuto: Tenuto, write: Write):
        """And nothing is kept."""
        write("wrong.yaml", HELLO.replace("use: set", "use: st"))
        said = tenuto("flows", "save", "wrong.yaml")

        assert said.code == 2
        assert said.err.startswith("wrong.yaml:6:11: nodes.greet.use: unknown_type")
        assert tenuto("flows", "list", "--json").last["items"] == []

    def test_who_only_looks_makes_no_directory(self, tenuto: Tenuto, project: Path):
        """It says what to do."""
        said = tenuto("flows", "list")

        assert said.code == 2
        assert "there are no flows in .tenuto" in said.err
        assert list(project.iterdir()) == []


@pytest.mark.usefixtures("saved")
class TestLooking:
    def test_the_text_comes_back_as_it_was_written(self, tenuto: Tenuto):
        """The newest, or the version that is named."""
        assert tenuto("flows", "show", "hello").out == LATER
        assert tenuto("flows", "show", "hello", "--version", "1").out == HELLO
        assert tenuto("flows", "show", "hello", "--json").last["document"]["flow"] == "hello"

    def test_the_history_and_what_changed(self, tenuto: Tenuto):
        """The newest first; the newest against the one before."""
        history = tenuto("flows", "history", "hello", "--json").last["items"]
        diff = tenuto("flows", "diff", "hello")

        assert [entry["version"] for entry in history] == [2, 1]
        assert diff.out.splitlines() == [
            "hello: version 1 to 2, 1 change",
            "  ~ nodes.greet.with.value: Hello ${input.name} → Bye ${input.name}",
        ]
        assert tenuto("flows", "diff", "hello", "2", "1", "--json").last["changes"][0]["before"].startswith("Bye")

    def test_an_unknown_name_brings_the_nearest(self, tenuto: Tenuto):
        """Exit code 2: it is about what was asked."""
        for words in (["show"], ["history"], ["diff"], ["delete"], ["export"]):
            said = tenuto("flows", words[0], "helo", *(["out"] if words == ["export"] else []))

            assert said.code == 2, words
            assert "did you mean `hello`?" in said.err


@pytest.mark.usefixtures("saved")
class TestPublishing:
    def test_forth_and_back(self, tenuto: Tenuto):
        """And then it can be deleted."""
        newest = tenuto("flows", "publish", "hello", "prod")
        back = tenuto("flows", "publish", "hello", "prod", "--version", "1", "--json")
        listed = tenuto("flows", "list")
        kept = tenuto("flows", "delete", "hello")
        tenuto("flows", "unpublish", "hello", "prod")
        gone = tenuto("flows", "delete", "hello")

        assert newest.out == "hello: version 2 is published to prod\n"
        assert back.last["version"] == 1
        assert "prod 1" in listed.out
        assert (kept.code, gone.code) == (2, 0)
        assert "published to prod" in kept.err


@pytest.mark.usefixtures("saved")
def test_another_tenant_has_its_own(tenuto: Tenuto):
    """One that does not exist is said."""
    said = tenuto("flows", "list", "--tenant", "other")

    assert said.code == 2
    assert "there is no tenant `other`" in said.err
    assert len(tenuto("flows", "list", "--tenant", "default", "--json").last["items"]) == 1


@pytest.mark.usefixtures("saved")
class TestTakingAlong:
    def test_a_folder_for_git_and_back(self, tenuto: Tenuto, project: Path, write: Write):
        """What is there afterwards is what was there before."""
        write("calls.yaml", "flow: calls\nnodes:\n  a: {use: call, with: {flow: hello}}\noutput: ${a}\n")
        tenuto("flows", "save", "calls.yaml")
        out = tenuto("flows", "export", "calls", "out")
        done = tenuto("flows", "import", "out", "--data", "elsewhere")
        listed = tenuto("flows", "list", "--data", "elsewhere", "--json").last["items"]

        assert out.code == 0
        assert (project / "out/flows/hello.yaml").read_text() == LATER
        assert tomllib.loads((project / "out/tenuto.toml").read_text())["needs"]["secrets"] == []
        assert done.out == "calls: version 1 is new\nhello: version 1 is new\n"
        assert [flow["name"] for flow in listed] == ["calls", "hello"]

    def test_agents_go_along(self, tenuto: Tenuto, project: Path, write: Write):
        """In `agents/`, as they were written."""
        write("in/flows/asks.yaml", "flow: asks\nnodes:\n  a: {use: agent, with: {agent: lector, task: Read}}\n")
        write("in/agents/lector.md", "---\nname: Lector\n---\nYou read.\n")

        done = tenuto("flows", "import", "in")
        tenuto("flows", "export", "asks", "out")

        assert done.out == "asks: version 1 is new\nagent lector: version 1 is new\n"
        assert (project / "out/agents/lector.md").read_text() == "---\nname: Lector\n---\nYou read.\n"

    def test_a_manifest_of_the_project_is_not_written_over(self, tenuto: Tenuto, project: Path, write: Write):
        """What the flow needs goes beside it."""
        write("out/tenuto.toml", 'data = "elsewhere"\n')
        said = tenuto("flows", "export", "hello", "out")

        assert (project / "out/tenuto.toml").read_text() == 'data = "elsewhere"\n'
        assert (project / "out/needs.tenuto.toml").exists()
        assert "is there already" in said.err

    def test_an_exported_folder_can_be_worked_in(self, tenuto: Tenuto, project: Path, monkeypatch: pytest.MonkeyPatch):
        """Its `tenuto.toml` is one."""
        tenuto("flows", "export", "hello", "out")
        monkeypatch.chdir(project / "out")

        assert tenuto("run", "hello", "--json").last["output"] == "Bye world"

    def test_one_wrong_flow_refuses_all(self, tenuto: Tenuto, write: Write):
        """With its file and its line."""
        write("in/flows/hello.yaml", HELLO)
        write("in/flows/wrong.yaml", "flow: wrong\nnodes: {a: {use: nothing}}\n")
        said = tenuto("flows", "import", "in", "--data", "elsewhere")

        assert said.code == 2
        assert "in/flows/wrong.yaml:2:13: nodes.a.use: unknown_type" in said.err
        assert "nothing was imported" in said.err
