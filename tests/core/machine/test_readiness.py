"""When a node runs (SEMANTICS 7, 9, 10, 11, 13, 14, 27)."""

import pytest

from tenuto.core.events import NodeSucceeded

from .drive import WORK, drive, given, running, work


class TestNeeds:
    def test_a_node_that_needs_nothing_runs_at_once(self):
        """SEMANTICS 9: it waits for what `after` and its expressions name, and for nothing else."""
        driver = drive({"a": WORK, "b": WORK})

        assert running(driver) == ["a", "b"]

    def test_a_reference_is_waited_for(self):
        """SEMANTICS 9: a node waits for what its expressions reference."""
        driver = drive({"a": WORK, "b": work(**{"with": {"value": "${a}"}})})
        assert running(driver) == ["a"]

        driver.succeed("a", 7)

        assert running(driver) == ["b"]
        assert given(driver, "b") == {"value": 7}

    def test_every_entry_of_after_must_hold(self):
        """SEMANTICS 9: every entry must hold."""
        driver = drive({"a": WORK, "b": WORK, "c": work(after=["a", "b"])})

        driver.succeed("a")
        assert running(driver) == ["b"]
        driver.succeed("b")

        assert running(driver) == ["c"]

    def test_a_node_named_in_after_is_not_added_again_by_a_reference(self):
        """SEMANTICS 9: `after: [a.error]` with a reference to `a` in `??` waits for the error alone."""
        driver = drive({"a": WORK, "b": work(after=["a.error"], **{"with": {"value": "${a.error.message}"}})})

        driver.fail("a", "error", "broke")

        assert given(driver, "b") == {"value": "broke"}

    def test_any_holds_as_soon_as_one_of_its_entries_does(self):
        """SEMANTICS 9: `any` does not wait for the others, and does not run the node again for them."""
        driver = drive({"a": WORK, "b": WORK, "c": work(after=[{"any": ["a", "b"]}])})

        driver.succeed("b")
        assert running(driver) == ["a", "c"]
        driver.succeed("c")
        driver.succeed("a")

        assert driver.status == "succeeded"
        assert [fact.path for fact in driver.facts if isinstance(fact, NodeSucceeded)] == ["b", "c", "a"]

    def test_any_can_no_longer_hold_when_all_have_settled_and_none_did(self):
        """SEMANTICS 9: until the last has settled there is hope."""
        choose = {"use": "choose"}
        driver = drive({"a": choose, "b": choose, "c": work(after=[{"any": ["a.left", "b.left"]}])})

        driver.succeed("a", port="right")
        assert driver.node("c").status == "pending"
        driver.succeed("b", port="right")

        assert driver.node("c").status == "skipped"

    @pytest.mark.parametrize("how", ["succeeds", "fails", "is skipped"])
    def test_an_optional_entry_holds_whatever_came_of_the_node(self, how: str):
        """SEMANTICS 9: `d?` is waited for until settled."""
        flag = {"use": "if", "with": {"condition": how != "is skipped"}}
        driver = drive(
            {"f": flag, "d": work(after=["f.true"], on_error="continue"), "e": WORK, "c": work(after=["d?", "e"])}
        )
        if how == "succeeds":
            driver.succeed("d")
        elif how == "fails":
            driver.fail("d")
        assert "c" not in running(driver)

        driver.succeed("e")

        assert running(driver) == ["c"]

    def test_an_optional_entry_is_waited_for(self):
        """SEMANTICS 9: waited for until settled."""
        driver = drive({"d": WORK, "c": work(after=["d?"])})

        assert running(driver) == ["d"]

    def test_what_a_node_sees_through_any_is_frozen_when_it_becomes_ready(self):
        """SEMANTICS 9: a node named in an `any` is not waited for, and what came later is not seen by a retry either."""
        nodes = {
            "a": WORK,
            "b": WORK,
            "c": work(after=[{"any": ["a", "b"]}], retry={"attempts": 2}, **{"with": {"value": "${a ?? b ?? 'none'}"}}),
        }
        driver = drive(nodes)
        driver.succeed("b", "from b")
        assert given(driver, "c") == {"value": "from b"}

        driver.succeed("a", "from a")
        driver.fail("c")
        driver.advance(10)

        assert given(driver, "c") == {"value": "from b"}


class TestPorts:
    @pytest.mark.parametrize("port", ["rejected", "timeout", "error"])
    def test_plain_means_no_unhappy_port(self, port: str):
        """SEMANTICS 10: plain `x` never means `rejected`, `timeout` or `error`."""
        nodes = {
            "ok": {"use": "approval", "with": {"question": "?"}, "timeout": "1m", "on_error": "continue"},
            "then": work(after=["ok"]),
            "other": work(after=[f"ok.{port}"]),
        }
        if port == "error":
            nodes["ok"] = work(on_error="continue")
        driver = drive(nodes)

        if port == "rejected":
            driver.signal("ok", {"approved": False})
        elif port == "timeout":
            driver.advance(60)
        else:
            driver.fail("ok")

        assert driver.node("then").status == "skipped"
        assert running(driver) == ["other"]

    @pytest.mark.parametrize(
        ("node", "port"),
        [
            ({"use": "set", "with": {"value": 1}}, "done"),
            ({"use": "if", "with": {"condition": True}}, "true"),
            ({"use": "if", "with": {"condition": False}}, "false"),
            ({"use": "switch", "with": {"value": "a", "cases": ["a", "b"]}}, "a"),
            ({"use": "switch", "with": {"value": "z", "cases": ["a", "b"]}}, "default"),
            ({"use": "loop", "max": 1, "nodes": {"s": {"use": "set", "with": {"value": 1}}}}, "exhausted"),
        ],
    )
    def test_plain_means_any_success_port(self, node: dict[str, object], port: str):
        """SEMANTICS 10: `done`, `true`, `false`, cases, `default`, `exhausted` are success."""
        driver = drive({"x": node, "then": work(after=["x"])})

        assert driver.node("x").port == port
        assert running(driver) == ["then"]

    def test_a_named_port_means_that_port_alone(self):
        """SEMANTICS 9, 10: `choice.left` holds only if `left` fired."""
        driver = drive({"c": {"use": "choose"}, "l": work(after=["c.left"]), "r": work(after=["c.right"])})

        driver.succeed("c", port="right")

        assert running(driver) == ["r"]
        assert driver.node("l").status == "skipped"


class TestOptionalReferences:
    def test_a_reference_inside_a_coalescing_is_optional_on_either_side(self):
        """SEMANTICS 11: so a merge after a branch needs no `after`."""
        nodes = {
            "f": {"use": "if", "with": {"condition": "${input.yes}"}},
            "yes": {"use": "set", "after": ["f.true"], "with": {"value": "yes"}},
            "no": {"use": "set", "after": ["f.false"], "with": {"value": "no"}},
        }
        keys = {"input": {"yes": "boolean"}, "output": "${yes ?? no}"}

        assert drive(nodes, given={"yes": True}, **keys).output == "yes"
        assert drive(nodes, given={"yes": False}, **keys).output == "no"

    def test_a_merge_node_waits_for_both_branches_to_settle(self):
        """SEMANTICS 11: optional is waited for until settled."""
        driver = drive({"a": WORK, "b": WORK, "m": work(**{"with": {"value": "${a ?? b}"}})})

        driver.succeed("a", 1)
        assert running(driver) == ["b"]
        driver.succeed("b", 2)

        assert given(driver, "m") == {"value": 1}

    def test_a_reference_inside_has_is_optional(self):
        """SEMANTICS 11: `has(node)` asks whether it has a value, whatever came of it."""
        driver = drive(
            {
                "a": work(when="${false}"),
                "b": WORK,
                "c": work(**{"with": {"value": "${[has(a), has(b)]}"}}),
            }
        )

        driver.succeed("b")

        assert given(driver, "c") == {"value": [False, True]}


class TestValues:
    def test_a_node_without_a_value_alone_in_the_output_is_null(self):
        """SEMANTICS 7: a skipped node alone in `output:` is null."""
        driver = drive({"a": work(when="${false}")}, output={"a": "${a}"})

        assert driver.status == "succeeded"
        assert driver.output == {"a": None}

    def test_a_node_without_a_value_in_an_operator_is_an_error(self):
        """SEMANTICS 7, 14: an error in `output` fails the run."""
        driver = drive({"a": work(when="${false}")}, output="${a + 1}")

        assert driver.status == "failed"
        assert driver.error is not None
        assert driver.error["type"] == "expression"

    def test_a_loose_reference_without_a_value_fails_the_node_that_reads_it(self):
        """SEMANTICS 7: a bare reference to nothing is an `expression` error in a node."""
        nodes = {"a": WORK, "b": WORK, "c": work(after=[{"any": ["a", "b"]}], **{"with": {"value": "${a}"}})}
        driver = drive(nodes)

        driver.succeed("b")

        assert driver.node("c").status == "failed"
        assert driver.node("c").error["type"] == "expression"  # type: ignore[index]
        assert str(driver.node("c").error).count("??") == 1

    def test_the_error_of_a_node_is_read_from_it(self):
        """SEMANTICS 8: `{type, message, node, attempts}`, and it is a dependence on the port `error`."""
        driver = drive({"a": WORK, "b": work(**{"with": {"value": "${a.error}"}})})

        driver.fail("a", "broken", "broke")

        assert given(driver, "b") == {"value": {"type": "broken", "message": "broke", "node": "a", "attempts": 1}}

    def test_an_output_field_called_error_is_read_by_index(self):
        """SEMANTICS 8: `NODE['error']` is a field of the output."""
        driver = drive({"a": WORK, "b": work(**{"with": {"value": "${a['error']}"}})})

        driver.succeed("a", {"error": "a field"})

        assert given(driver, "b") == {"value": "a field"}

    def test_the_port_that_fired_can_be_read(self):
        """SEMANTICS 6: `port(node)`."""
        driver = drive({"c": {"use": "choose"}, "b": work(after=["c"], **{"with": {"value": "${port(c)}"}})})

        driver.succeed("c", port="right")

        assert given(driver, "b") == {"value": "right"}


class TestEnds:
    def test_a_flow_ends_when_all_its_nodes_have_settled(self):
        """SEMANTICS 14: not when its output could be known."""
        driver = drive({"a": WORK, "b": WORK}, output="${a}")

        driver.succeed("a", 1)
        assert driver.status == "running"
        driver.succeed("b", 2)

        assert (driver.status, driver.output) == ("succeeded", 1)

    def test_a_flow_without_output_gives_null(self):
        """SEMANTICS 14: nothing is made up."""
        driver = drive({"a": WORK})

        driver.succeed("a", 1)

        assert (driver.status, driver.output) == ("succeeded", None)

    def test_a_failed_run_has_output_null_and_an_error_of_four_parts(self):
        """SEMANTICS 14: `{type, message, node, attempts}`."""
        driver = drive({"a": WORK}, output="${a}")

        driver.fail("a", "broken", "broke")

        assert (driver.status, driver.output) == ("failed", None)
        assert driver.error == {"type": "broken", "message": "broke", "node": "a", "attempts": 1}


class TestOnce:
    def test_a_result_that_is_told_twice_is_recorded_once(self):
        """SEMANTICS 27: two readers of one result see the same fact."""
        driver = drive({"a": WORK, "b": work(**{"with": {"value": "${a}"}}), "c": work(**{"with": {"value": "${a}"}})})
        word = driver.command("a")
        driver.succeed("a", 1)

        from tenuto.core.inputs import Succeeded

        assert driver.tell(Succeeded(driver.now, "a", word.attempt, 2)) == []
        assert given(driver, "b") == given(driver, "c") == {"value": 1}

    def test_a_node_is_not_commanded_twice(self):
        """SEMANTICS 27: a node may not be running twice, however many things it waited for."""
        driver = drive({"a": WORK, "b": WORK, "c": work(after=["a", "b", {"any": ["a", "b"]}])})

        driver.succeed("a")
        driver.succeed("b")

        assert [getattr(command, "path", "") for command in driver.issued] == ["a", "b", "c"]
