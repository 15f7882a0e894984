"""`tenuto runs …`: looking at runs, acting on them, starting them again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.flows import ASK, CHAIN, FAIL, HELLO, PAID

Write = Callable[[str, str], Path]


class TestLooking:
    def test_runs_are_listed_newest_first(self, tenuto, write: Write) -> None:
        """A line each; with JSON a page of `{items, next_cursor}`."""
        write("hello.yaml", HELLO)
        for name in ("a", "b"):
            tenuto("run", "hello.yaml", "--name", name)

        plain, page = tenuto("runs", "list"), tenuto("runs", "list", "--json").last

        assert [line.split()[1] for line in plain.out.splitlines()] == ["b", "a"]
        assert [item["name"] for item in page["items"]] == ["b", "a"]
        assert page["next_cursor"] is None

    def test_a_page_follows_the_one_before(self, tenuto, write: Write) -> None:
        """Until there is none; what is no cursor is refused."""
        write("hello.yaml", HELLO)
        for name in ("a", "b", "c"):
            tenuto("run", "hello.yaml", "--name", name)
        first = tenuto("runs", "list", "--limit", "2", "--json").last

        second = tenuto("runs", "list", "--limit", "2", "--cursor", first["next_cursor"], "--json").last

        assert [item["name"] for page in (first, second) for item in page["items"]] == ["c", "b", "a"]
        assert second["next_cursor"] is None
        assert tenuto("runs", "list", "--cursor", "odd").code == 2

    def test_a_list_can_be_narrowed(self, tenuto, write: Write) -> None:
        """By status and by flow."""
        write("hello.yaml", HELLO)
        write("paid.yaml", PAID)
        tenuto("run", "hello.yaml", "--name", "h")
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        assert [item["name"] for item in tenuto("runs", "list", "--status", "waiting", "--json").last["items"]] == ["p"]
        assert [item["name"] for item in tenuto("runs", "list", "--flow", "hello", "--json").last["items"]] == ["h"]

    def test_a_run_is_shown_with_its_nodes(self, tenuto, write: Write) -> None:
        """The shape of a run."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        view = tenuto("runs", "show", "c", "--json").last

        expected = "id name flow version status input output error nodes parent forked_from cost"
        assert set(expected.split()) <= set(view)
        assert list(view["nodes"]) == ["one", "two", "three"]
        node = view["nodes"]["two"]
        assert (node["status"], node["port"], node["output"], node["attempts"]) == ("succeeded", "done", 2, 1)
        assert node["started_at"].endswith("Z")

    def test_what_waits_is_shown_though_no_fact_says_so(self, tenuto, write: Write) -> None:
        """An approval without a timeout leaves no fact; the state is worked out again."""
        write("ask.yaml", ASK)
        tenuto("run", "ask.yaml", "--no-wait", "--name", "q")

        shown, view = tenuto("runs", "show", "q"), tenuto("runs", "show", "q", "--json").last

        assert "waits for approval: Go on?" in shown.out
        assert "tenuto runs signal q ok --approve" in shown.out
        assert view["nodes"]["ok"]["status"] == "waiting"
        assert view["nodes"]["ok"]["waits_for"]["question"] == "Go on?"

    def test_a_map_is_shown_level_by_level(self, tenuto, write: Write) -> None:
        """SEMANTICS 45: `nodes` is the top level, `--under` goes deeper."""
        write(
            "m.yaml",
            "flow: m\nnodes:\n  all:\n    use: map\n    over: [1, 2]\n    nodes: {one: {use: debug.echo, with: {value: '${item}'}}}\n    output: ${one}\noutput: ${all}\n",
        )
        tenuto("run", "m.yaml", "--name", "m")

        top, inside = (tenuto("runs", "show", "m", "--json", *more).last["nodes"] for more in ([], ["--under", "all"]))

        assert list(top) == ["all"]
        assert sorted(inside) == ["all[0].one", "all[1].one"]

    def test_the_journal_is_printed_fact_by_fact(self, tenuto, write: Write) -> None:
        """With JSON one fact a line, gapless from 1."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        facts = [json.loads(line) for line in tenuto("runs", "events", "c", "--json").out.splitlines()]

        assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))
        assert (facts[0]["type"], facts[-1]["type"]) == ("run.started", "run.succeeded")

    def test_a_run_is_found_by_the_start_of_its_name(self, tenuto, write: Write) -> None:
        """A unique prefix is enough; one that is not is refused with what it could be."""
        write("hello.yaml", HELLO)
        for name in ("otter-one", "otter-two"):
            tenuto("run", "hello.yaml", "--name", name)

        assert tenuto("runs", "show", "otter-o", "--json").last["name"] == "otter-one"
        unclear = tenuto("runs", "show", "otter")
        assert unclear.code == 2
        assert "otter-two, otter-one" in unclear.err

    def test_a_mistyped_name_is_answered_with_the_nearest(self, tenuto, write: Write) -> None:
        """Did you mean …?"""
        write("hello.yaml", HELLO)
        tenuto("run", "hello.yaml", "--name", "brave-otter-7f3a")

        said = tenuto("runs", "show", "brave-oter-7f3a")

        assert said.code == 2
        assert "did you mean `brave-otter-7f3a`?" in said.err

    def test_watching_a_run_that_nobody_drives_says_so(self, tenuto, write: Write) -> None:
        """It is shown as it stands, and how to go on; the code is 3."""
        write("paid.yaml", PAID)
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        said = tenuto("runs", "watch", "p")

        assert said.code == 3
        assert "nobody drives p now: `tenuto resume p` goes on" in said.err
        assert "waits for the signal `paid`" in said.out


class TestActing:
    def test_a_signal_takes_its_payload(self, tenuto, write: Write) -> None:
        """`--data` with JSON is the payload."""
        write("paid.yaml", PAID)
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        said = tenuto("runs", "signal", "p", "paid", "--data", '{"amount": 12.5}')

        assert said.code == 0
        assert tenuto("resume", "p", "--no-wait", "--json").last["output"] == 12.5

    def test_data_of_a_signal_that_is_a_directory_is_the_data_directory(self, tenuto, write: Write) -> None:
        """`--data DIR` means there what it means everywhere else."""
        write("paid.yaml", PAID)
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p", "--data", "kept")

        said = tenuto("runs", "signal", "p", "paid", "--data", "kept", "--data", '{"amount": 1}')

        assert said.code == 0
        assert tenuto("resume", "p", "--data", "kept", "--no-wait", "--json").last["output"] == 1

    def test_an_approval_is_answered_once(self, tenuto, write: Write) -> None:
        """SEMANTICS 25: a second answer is refused."""
        write(
            "ask.yaml",
            ASK.replace("    use: set\n    after: [ok.rejected]", "    use: debug.echo\n    after: [ok.rejected]"),
        )
        tenuto("run", "ask.yaml", "--no-wait", "--name", "q")

        first = tenuto("runs", "signal", "q", "ok", "--reject", "--comment", "no")
        second = tenuto("runs", "signal", "q", "ok", "--approve")

        assert (first.code, second.code) == (0, 2)
        assert "answered" in second.err

    def test_a_form_that_does_not_fit_is_refused(self, tenuto, write: Write) -> None:
        """The run goes on waiting."""
        write("ask.yaml", ASK)
        tenuto("run", "ask.yaml", "--no-wait", "--name", "q")

        said = tenuto("runs", "signal", "q", "ok", "--approve", "--form", '{"pages": 99}')

        assert said.code == 2
        assert "pages" in said.err
        assert tenuto("runs", "show", "q", "--json").last["status"] == "waiting"

    def test_an_approval_that_does_not_exist_is_named(self, tenuto, write: Write) -> None:
        """With the nearest that does."""
        write("ask.yaml", ASK)
        tenuto("run", "ask.yaml", "--no-wait", "--name", "q")

        said = tenuto("runs", "signal", "q", "okk", "--approve")

        assert said.code == 2
        assert "did you mean `ok`?" in said.err

    def test_a_waiting_run_is_cancelled_at_once(self, tenuto, write: Write) -> None:
        """And cannot be cancelled again."""
        write("paid.yaml", PAID)
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        assert tenuto("runs", "cancel", "p", "--reason", "no longer wanted").code == 0
        assert tenuto("runs", "show", "p", "--json").last["status"] == "cancelled"
        assert tenuto("runs", "cancel", "p").code == 2

    def test_only_a_run_that_has_ended_is_deleted(self, tenuto, write: Write) -> None:
        """What goes on must be cancelled first."""
        write("paid.yaml", PAID)
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        refused = tenuto("runs", "delete", "p")
        tenuto("runs", "cancel", "p")
        deleted = tenuto("runs", "delete", "p")

        assert (refused.code, deleted.code) == (2, 0)
        assert "tenuto runs cancel p" in refused.err
        assert tenuto("runs", "show", "p").code == 2

    def test_nothing_is_decided_where_nothing_is_in_doubt(self, tenuto, write: Write) -> None:
        """SEMANTICS 23: a decision is for a node whose effect nobody knows of."""
        write("paid.yaml", PAID)
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        assert tenuto("runs", "decide", "p", "payment", "retry").code == 2
        assert "did you mean `retry`?" in tenuto("runs", "decide", "p", "payment", "retri").err


class TestStartingAgain:
    def test_a_retry_runs_only_what_failed(self, tenuto, write: Write) -> None:
        """SEMANTICS 38: on a mended document, in a new run that reuses the rest; the original stays as it is."""
        document = FAIL.replace("use: set\n    with: {value: 1}", "use: debug.echo\n    with: {value: 1}")
        write("fail.yaml", document)
        tenuto("run", "fail.yaml", "--name", "f")
        mended = write(
            "mended.yaml",
            document.replace("use: debug.fail\n    with: {message:", "use: debug.echo\n    with: {value:"),
        )

        again = tenuto("runs", "retry", "f", "--flow", str(mended), "--json")
        view = tenuto("runs", "show", again.last["id"], "--json").last

        assert again.code == 0
        assert {path: node["status"] for path, node in view["nodes"].items()} == {
            "first": "reused",
            "broken": "succeeded",
        }
        assert view["forked_from"] == tenuto("runs", "show", "f", "--json").last["id"]
        assert tenuto("runs", "show", "f", "--json").last["status"] == "failed"

    def test_what_is_reused_is_shown_with_the_name_of_its_run(self, tenuto, write: Write) -> None:
        """While it runs and afterwards; what was edited says so, and JSON keeps the id."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        live = tenuto("runs", "fork", "c", "--at", "three", "--set", "two.output=10", "--name", "d")
        shown, view = tenuto("runs", "show", "d"), tenuto("runs", "show", "d", "--json").last

        assert "one  reused from c\n" in live.out
        assert "two  as edited\n" in live.out
        assert "reused from c" in shown.out
        assert "  from c\n" in shown.out
        assert view["nodes"]["one"]["reused_from"] == tenuto("runs", "show", "c", "--json").last["id"]

    def test_what_is_reused_from_a_run_that_is_gone_is_shown_with_its_id(self, tenuto, write: Write) -> None:
        """The facts know it still."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")
        origin = tenuto("runs", "show", "c", "--json").last["id"]
        tenuto("runs", "retry", "c", "--from", "two", "--no-wait", "--json")
        again = tenuto("runs", "list", "--limit", "1", "--json").last["items"][0]["name"]

        tenuto("runs", "delete", "c")

        assert f"reused from {origin}" in tenuto("runs", "show", again).out

    def test_retrying_a_success_needs_a_node(self, tenuto, write: Write) -> None:
        """SEMANTICS 38: … and then that node and what follows run again."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        refused = tenuto("runs", "retry", "c")
        again = tenuto("runs", "retry", "c", "--from", "two", "--json")
        nodes = tenuto("runs", "show", again.last["id"], "--json").last["nodes"]

        assert (refused.code, again.code) == (2, 0)
        assert [node["status"] for node in nodes.values()] == ["reused", "succeeded", "succeeded"]

    def test_the_failed_items_of_a_success_are_retried(self, tenuto, write: Write) -> None:
        """SEMANTICS 17: a map that collected failures is run again for those items only."""
        write(
            "c.yaml",
            "flow: c\nnodes:\n  all:\n    use: map\n    over: [1, 0, 2]\n    on_error: collect\n"
            "    nodes: {one: {use: debug.echo, with: {value: '${2 / item}'}}}\n    output: ${one}\noutput: ${all}\n",
        )
        tenuto("run", "c.yaml", "--name", "c")

        again = tenuto("runs", "retry", "c", "--json")
        events = tenuto("runs", "events", again.last["name"], "--json").out.splitlines()

        told = {fact["path"]: fact["type"] for fact in map(json.loads, events) if fact["type"].startswith("node.")}
        assert again.code == 0
        assert told["all[0].one"] == told["all[2].one"] == "node.reused"
        assert told["all[1].one"] == "node.failed"

    def test_a_name_that_a_run_bears_is_not_given_again(self, tenuto, write: Write) -> None:
        """Be it ended or not: a name that means two runs is good for neither. Nothing is started."""
        write("chain.yaml", CHAIN)
        write("paid.yaml", PAID)
        tenuto("run", "chain.yaml", "--name", "c")
        tenuto("run", "paid.yaml", "--no-wait", "--name", "p")

        said = [
            tenuto("run", "chain.yaml", "--name", "c"),
            tenuto("run", "chain.yaml", "--name", "p"),
            tenuto("runs", "fork", "c", "--name", "c"),
            tenuto("runs", "fork", "c", "--name", "p"),
        ]

        assert [each.code for each in said] == [2, 2, 2, 2]
        assert [each.err.splitlines()[0] for each in said] == [
            f"error: there is a run `{name}` already" for name in ("c", "p", "c", "p")
        ]
        assert len(tenuto("runs", "list", "--json").last["items"]) == 2

    def test_a_name_is_free_again_when_its_run_is_deleted(self, tenuto, write: Write) -> None:
        """And one that only begins as another does was free all the time."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "chain")

        assert tenuto("run", "chain.yaml", "--name", "cha").code == 0
        assert tenuto("runs", "delete", "chain").code == 0
        assert tenuto("run", "chain.yaml", "--name", "chain").code == 0

    def test_a_fork_goes_on_from_a_node_with_an_edit(self, tenuto, write: Write) -> None:
        """SEMANTICS 37, 38: results upstream are reused, the edit flows downstream."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        fork = tenuto("runs", "fork", "c", "--at", "three", "--set", "two.output=10", "--name", "d", "--json")
        nodes = tenuto("runs", "show", "d", "--json").last["nodes"]

        assert fork.last["output"] == 11
        assert [node["status"] for node in nodes.values()] == ["reused", "reused", "succeeded"]

    def test_a_fork_with_another_input_runs_what_depends_on_it(self, tenuto, write: Write) -> None:
        """The value is read by the type that the flow declares."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        assert tenuto("runs", "fork", "c", "--set", "input.x=5", "--json").last["output"] == 7
        assert tenuto("runs", "fork", "c", "--set", "input.x=five").code == 2

    def test_a_fork_after_an_event_keeps_what_was_known_then(self, tenuto, write: Write) -> None:
        """`--at SEQ`: results after that fact are not reused."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        tenuto("runs", "fork", "c", "--at", "2", "--name", "d")
        nodes = tenuto("runs", "show", "d", "--json").last["nodes"]

        assert [node["status"] for node in nodes.values()] == ["reused", "succeeded", "succeeded"]

    def test_two_runs_are_told_apart(self, tenuto, write: Write) -> None:
        """`diff` names the first node at which they part, and every difference."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")
        tenuto("runs", "fork", "c", "--set", "two.output=10", "--name", "d")

        found, same = tenuto("runs", "diff", "c", "d", "--json").last, tenuto("runs", "diff", "c", "c", "--json").last

        assert found["parts_at"] == "two"
        assert found["nodes"]["three"]["output"] == [3, 11]
        assert found["outcome"] == {"output": [3, 11]}
        assert same["equal"]

    @pytest.mark.parametrize("edit", ["two", "two.color=1", "nope.output=1", "two.input=1", "x"])
    def test_an_edit_of_what_there_is_not_is_refused(self, tenuto, write: Write, edit: str) -> None:
        """Exit code 2, and what can be edited."""
        write("chain.yaml", CHAIN)
        tenuto("run", "chain.yaml", "--name", "c")

        said = tenuto("runs", "fork", "c", "--set", edit)

        assert said.code == 2
        assert said.err.startswith("error: ")
