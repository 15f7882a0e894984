"""`tenuto run` and `tenuto resume`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.flows import ASK, CHAIN, FAIL, HELLO, PAID

Write = Callable[[str, str], Path]


class TestRun:
    def test_a_flow_runs_and_its_output_is_shown(self, tenuto, write: Write) -> None:
        """The output stands on stdout, the last line says how it went; the code is 0."""
        write("hello.yaml", HELLO)

        said = tenuto("run", "hello.yaml", "--name", "brave-otter")

        assert said.code == 0
        assert "Hello, world!" in said.out.splitlines()
        assert said.out.splitlines()[-1].startswith("✓ succeeded  brave-otter  1 node")

    def test_a_flow_is_found_by_its_name(self, tenuto, write: Write) -> None:
        """`run hello` is hello.yaml here, or in flows/."""
        write("flows/hello.yaml", HELLO)

        said = tenuto("run", "hello", "--json")

        assert said.code == 0
        assert said.last["output"] == "Hello, world!"

    def test_with_json_the_last_line_is_the_outcome(self, tenuto, write: Write) -> None:
        """Contract: `{"id","name","status","output","error"}` on the last line; what is for people goes to stderr."""
        write("hello.yaml", HELLO)

        said = tenuto("run", "hello.yaml", "--name", "otter", "--json")

        assert list(said.last) == ["id", "name", "status", "output", "error"]
        assert said.last | {"id": ""} == {
            "id": "",
            "name": "otter",
            "status": "succeeded",
            "output": "Hello, world!",
            "error": None,
        }
        assert len(said.out.splitlines()) == 1
        assert "greeting" in said.err

    def test_fields_of_the_input_are_read_by_their_declared_type(self, tenuto, write: Write) -> None:
        """SEMANTICS 41: `-i` is parsed by the declared type, so a string of digits stays a string."""
        write("hello.yaml", HELLO)

        said = tenuto("run", "hello.yaml", "-i", "name=17", "-i", "times=3", "--json")
        shown = tenuto("runs", "show", said.last["id"], "--json")

        assert shown.last["input"] == {"name": "17", "times": 3}

    def test_single_fields_go_over_the_whole_input(self, tenuto, write: Write) -> None:
        """`--input` gives all, `-i` changes a part."""
        write("hello.yaml", HELLO)
        write("input.json", '{"name": "Ada", "times": 2}')

        said = tenuto("run", "hello.yaml", "--input", "@input.json", "-i", "name=Grace", "--json")

        assert said.last["output"] == "Hello, Grace!"

    def test_a_failed_run_names_the_node_and_exits_1(self, tenuto, write: Write) -> None:
        """SEMANTICS 14: a failed run has output null and an error that names the node."""
        write("fail.yaml", FAIL)

        said = tenuto("run", "fail.yaml", "--json")

        assert said.code == 1
        assert said.last["status"] == "failed"
        assert said.last["output"] is None
        assert said.last["error"]["node"] == "broken"
        assert "tenuto runs retry" in said.err

    def test_a_run_that_waits_is_left_with_no_wait(self, tenuto, write: Write) -> None:
        """SEMANTICS 41: `--no-wait` exits 3 with status waiting, and says how to answer."""
        write("ask.yaml", ASK)

        said = tenuto("run", "ask.yaml", "--no-wait", "--name", "q", "--json")

        assert said.code == 3
        assert said.last["status"] == "waiting"
        assert "tenuto runs signal q ok --approve" in said.err

    def test_a_run_that_has_no_place_is_left_with_no_wait(self, tenuto, write: Write) -> None:
        """SEMANTICS 33, 41: another run holds the place, though nobody drives it now."""
        write("one.yaml", f"{ASK}\nconcurrency: {{limit: 1}}\n")
        tenuto("run", "one.yaml", "--no-wait", "--name", "first")

        said = tenuto("run", "one.yaml", "--no-wait", "--name", "second", "--json")

        assert (said.code, said.last["status"]) == (3, "queued")
        assert "tenuto resume second" in said.err

    def test_a_run_that_waits_for_a_moment_only_is_told_as_it_ended(self, tenuto, write: Write) -> None:
        """The code and the status say the same, whichever of them was seen first."""
        write("w.yaml", "flow: w\nnodes: {w: {use: wait, with: {until: '2020-01-01T00:00:00Z'}}}\n")

        for _ in range(6):
            said = tenuto("run", "w.yaml", "--no-wait", "--json")
            assert (said.code == 0) == (said.last["status"] == "succeeded")

    def test_variables_and_stages_come_from_tenuto_toml(self, tenuto, write: Write) -> None:
        """SEMANTICS 42: `[vars]` for all stages, `[vars.<stage>]` over them, the stage by `--stage`."""
        write("tenuto.toml", '[vars]\nplace = "here"\n[vars.prod]\nplace = "there"\n')
        write("where.yaml", "flow: where\nnodes: {a: {use: set, with: {value: '${vars.place}'}}}\noutput: ${a}\n")

        assert tenuto("run", "where.yaml", "--json").last["output"] == "here"
        assert tenuto("run", "where.yaml", "--stage", "prod", "--json").last["output"] == "there"

    def test_what_a_node_prints_does_not_end_up_in_the_json(self, tenuto, write: Write) -> None:
        """Whatever a node does to stdout, the last line is the outcome."""
        write(
            "nodes/loud.py",
            'from tenuto.sdk import node\n\n@node("loud.shout")\ndef shout() -> str:\n    """Shout."""\n    print("HO", end="")\n    return "done"\n',
        )
        write("loud.yaml", "flow: loud\nnodes: {a: {use: loud.shout}}\noutput: ${a}\n")

        said = tenuto("run", "loud.yaml", "--json")

        assert said.last["output"] == "done"

    def test_the_output_can_be_of_any_alphabet(self, tenuto, write: Write) -> None:
        """JSON on stdout is ASCII, so that no encoding can hurt it."""
        write("hello.yaml", HELLO)

        said = tenuto("run", "hello.yaml", "-i", "name=Łódź 🎉", "--json")

        assert said.out.isascii()
        assert said.last["output"] == "Hello, Łódź 🎉!"

    def test_escape_sequences_of_a_flow_do_not_reach_the_terminal(self, tenuto, write: Write) -> None:
        """A value may hold anything; what it prints as is only text."""
        write("hello.yaml", HELLO)

        said = tenuto("run", "hello.yaml", "--input", json.dumps({"name": "\x1b[2Jgone\x07"}))

        assert "\x1b" not in said.out
        assert "\x07" not in said.out


class TestResume:
    def test_nothing_to_resume_is_no_error(self, tenuto, write: Write) -> None:
        """SEMANTICS 41: exit 0 and a sentence on stderr."""
        write("hello.yaml", HELLO)
        tenuto("run", "hello.yaml")

        said = tenuto("resume")

        assert (said.code, said.out) == (0, "")
        assert said.err.startswith("nothing to resume")

    def test_an_approval_given_meanwhile_is_found(self, tenuto, write: Write) -> None:
        """A run that was left waiting goes on with what was recorded since."""
        write(
            "ask.yaml", ASK.replace("use: set\n    after: [ok.approved]", "use: debug.echo\n    after: [ok.approved]")
        )
        tenuto("run", "ask.yaml", "--no-wait", "--name", "q")

        answered = tenuto("runs", "signal", "q", "ok", "--approve", "--comment", "fine")
        resumed = tenuto("resume", "--no-wait", "--json")

        assert answered.code == 0
        assert "tenuto resume q" in answered.err
        assert resumed.code == 0
        assert resumed.last["output"] == "fine"
        assert "resumed q at 4/4 (2 nodes reused, 0 effects repeated)" in resumed.err

    def test_all_that_did_not_end_are_resumed(self, tenuto, write: Write) -> None:
        """One line of JSON for each, the worst exit code for all."""
        write("paid.yaml", PAID)
        for name in ("a", "b"):
            tenuto("run", "paid.yaml", "--no-wait", "--name", name)

        said = tenuto("resume", "--no-wait", "--json")

        assert said.code == 3
        assert [json.loads(line)["name"] for line in said.out.splitlines()] == ["a", "b"]

    def test_a_run_that_has_ended_is_told_as_such(self, tenuto, write: Write) -> None:
        """`resume RUN --json` says what it came to; it is not run again."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        said = tenuto("resume", "c", "--json")

        assert said.code == 0
        assert said.last["output"] == 3
        assert "has ended (succeeded)" in said.err


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["runs", "--help"], ["run", "-h"]])
def test_help_is_no_error(tenuto, words: list[str]) -> None:
    """What is asked for is given."""
    said = tenuto(*words)

    assert said.code == 0
    assert "tenuto" in said.out
