"""Maps: one body for each item (SEMANTICS 2, 13, 17, 28)."""

import pytest

from tenuto.core.events import ItemDone, NodeFailed

from .drive import WORK, drive, given, running, stopping, types_of, work


def over(items: str = "${[1, 2, 3]}", **keys: object) -> dict[str, object]:
    """A map whose body is one node `x` that is given the item."""
    body = {"use": "map", "over": items, "nodes": {"x": work(**{"with": {"value": "${item}"}})}, "output": "${x}"}
    return {**body, **keys}


class TestItems:
    def test_each_item_gets_its_own_nodes_at_its_own_path(self):
        """SEMANTICS 3 of the design: paths read `m[1].x`."""
        driver = drive({"m": over()})

        assert running(driver) == ["m[0].x", "m[1].x", "m[2].x"]
        assert given(driver, "m[1].x") == {"value": 2}
        assert driver.command("m[1].x").key == "run-1/m[1].x"  # type: ignore[union-attr]

    def test_the_output_is_the_list_in_order_whatever_order_they_end_in(self):
        """Done: the list, in order."""
        driver = drive({"m": over()}, output="${m}")

        for index in (2, 0, 1):
            driver.succeed(f"m[{index}].x", index * 10)

        assert driver.output == [0, 10, 20]

    def test_an_empty_list_gives_an_empty_list(self):
        """A map over nothing is done at once."""
        driver = drive({"m": over("${[]}")}, output="${m}")

        assert driver.output == []

    def test_at_most_concurrency_items_are_open(self):
        """`concurrency` (10); the next opens when one ends."""
        driver = drive({"m": over("${[1, 2, 3, 4]}", concurrency=2)})
        assert running(driver) == ["m[0].x", "m[1].x"]

        driver.succeed("m[1].x")

        assert running(driver) == ["m[0].x", "m[2].x"]

    def test_ten_items_are_open_unless_it_says_otherwise(self):
        """10 is the default."""
        driver = drive({"m": over("${[0,1,2,3,4,5,6,7,8,9,10,11,12]}")})

        assert len(running(driver)) == 10

    def test_concurrency_may_be_an_expression(self):
        """SEMANTICS 4: allowed in `concurrency`."""
        driver = drive({"m": over(concurrency="${input.n}")}, input={"n": "integer"}, given={"n": 1})

        assert running(driver) == ["m[0].x"]

    def test_as_names_the_item_and_index_counts_from_0(self):
        """SEMANTICS 2: `item` and `index` mean the innermost container."""
        inner = {
            "use": "map",
            "over": "${[item]}",
            "as": "letter",
            "nodes": {"x": work(**{"with": {"value": "${[letter, index]}"}})},
        }
        driver = drive({"m": {"use": "map", "over": "${['a', 'b']}", "nodes": {"inner": inner}}})

        assert given(driver, "m[1].inner[0].x") == {"value": ["b", 0]}

    def test_an_item_without_output_gives_null(self):
        """SEMANTICS 14: nothing is made up."""
        driver = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": {"x": WORK}}}, output="${m}")

        driver.succeed("m[0].x", 1)
        driver.succeed("m[1].x", 2)

        assert driver.output == [None, None]

    def test_siblings_within_an_item_see_each_other_and_not_the_other_items(self):
        """SEMANTICS 13: `after` inside a body names siblings."""
        nodes = {"x": WORK, "y": work(after=["x"], **{"with": {"value": "${x}"}})}
        driver = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": nodes, "output": "${y}"}})

        driver.succeed("m[1].x", "second")

        assert running(driver) == ["m[0].x", "m[1].y"]
        assert given(driver, "m[1].y") == {"value": "second"}

    def test_a_map_waits_for_every_outer_node_that_its_body_references(self):
        """SEMANTICS 13: not item by item, but as a whole."""
        body = {"use": "map", "over": "${[1]}", "nodes": {"x": work(**{"with": {"value": "${a}"}})}}
        driver = drive({"a": WORK, "m": body})
        assert running(driver) == ["a"]

        driver.succeed("a", 5)

        assert given(driver, "m[0].x") == {"value": 5}

    @pytest.mark.parametrize("value", [5, "abc", None, {"a": 1}])
    def test_what_is_no_list_fails_the_map(self, value: object):
        """SEMANTICS 4: `over` must be a list when it is due."""
        driver = drive({"a": WORK, "m": over("${a}")})

        driver.succeed("a", value)

        assert driver.status == "failed"
        assert driver.error is not None
        assert driver.error["node"] == "m"

    def test_more_items_than_allowed_fail_the_map(self):
        """10,000 items a map unless raised."""
        driver = drive({"m": over("${[1, 2, 3]}", max_items=2)})

        assert driver.status == "failed"
        assert driver.error is not None
        assert "2" in driver.error["message"]

    def test_an_item_that_ended_leaves_memory_and_its_fact_stays(self):
        """SEMANTICS 28: `item.done` carries its output so that its scope can leave memory."""
        driver = drive({"m": over()})

        driver.succeed("m[0].x", "out")

        assert "m[0].x" not in driver.state.nodes
        assert [(f.index, f.output) for f in driver.facts if isinstance(f, ItemDone)] == [(0, "out")]
        assert driver.node("m[0].x").output == "out"


class TestFailures:
    def test_the_first_unhandled_failure_fails_the_map_with_the_full_path(self):
        """SEMANTICS 17: on_error: fail is the default."""
        driver = drive({"m": over()})

        driver.fail("m[1].x", "broken", "broke")
        assert stopping(driver) == ["m[0].x", "m[2].x"]
        driver.run()

        assert driver.status == "failed"
        assert driver.error == {"type": "broken", "message": "broke", "node": "m[1].x", "attempts": 1}

    def test_items_that_were_not_opened_never_open(self):
        """SEMANTICS 17: the failure cancels its siblings."""
        driver = drive({"m": over(concurrency=1)})

        driver.fail("m[0].x")

        assert driver.status == "failed"
        assert not [command for command in driver.issued if getattr(command, "path", "").startswith("m[1]")]

    @pytest.mark.parametrize("bad", [1, 2, 3])
    def test_items_that_only_compute_end_with_the_one_that_fails(self, bad: int):
        """SEMANTICS 17: an item that has just ended, and one that is about to, do not keep the map from failing."""
        nodes = {
            "s": {"use": "set", "with": {"value": "${item}"}},
            "f": {"use": "fail", "after": ["s"], "when": f"${{item == {bad}}}", "with": {"message": "bad"}},
        }
        driver = drive({"m": {"use": "map", "over": "${[1, 2, 3]}", "nodes": nodes}})

        assert driver.status == "failed"
        assert driver.error is not None
        assert driver.error["node"] == f"m[{bad - 1}].f"

    def test_a_failure_that_is_handled_inside_the_item_is_no_failure_of_the_map(self):
        """SEMANTICS 17: unhandled is what counts."""
        nodes = {"x": WORK, "y": work(after=["x.error"])}
        driver = drive(
            {"m": {"use": "map", "over": "${[1]}", "nodes": nodes, "output": "${x ?? 'none'}"}}, output="${m}"
        )

        driver.fail("m[0].x")
        driver.succeed("m[0].y")

        assert driver.output == ["none"]

    def test_the_maps_own_error_port_handles_it(self):
        """SEMANTICS 17: the map fails as any node does."""
        driver = drive(
            {"m": over("${[1]}"), "sorry": work(after=["m.error"], **{"with": {"value": "${m.error.node}"}})}
        )

        driver.fail("m[0].x")

        assert given(driver, "sorry") == {"value": "m[0].x"}

    def test_an_output_that_cannot_be_made_fails_the_item(self):
        """SEMANTICS 14: a body's output that errs fails it."""
        driver = drive({"m": over("${[1]}", output="${x.missing}")})

        driver.succeed("m[0].x", {})

        assert driver.status == "failed"
        assert driver.error is not None
        assert driver.error["type"] == "expression"
        assert str(driver.error["node"]).startswith("m")

    def test_collect_gathers_outputs_and_errors(self):
        """SEMANTICS 17: `{items: […, null where failed], errors: [{index, type, message, node, attempts}]}`."""
        driver = drive({"m": over(on_error="collect")}, output="${m}")

        driver.succeed("m[2].x", "c")
        driver.fail("m[1].x", "broken", "broke")
        driver.succeed("m[0].x", "a")

        assert driver.output == {
            "items": ["a", None, "c"],
            "errors": [{"index": 1, "type": "broken", "message": "broke", "node": "m[1].x", "attempts": 1}],
        }

    def test_collect_lists_errors_by_index(self):
        """SEMANTICS 17: the same answer whatever order they failed in."""
        driver = drive({"m": over(on_error="collect")}, output="${m.errors.map(e, e.index)}")

        for index in (2, 0, 1):
            driver.fail(f"m[{index}].x")

        assert driver.output == [0, 1, 2]

    def test_collect_records_a_failed_item_too(self):
        """SEMANTICS 28: `item.done` with its error."""
        driver = drive({"m": over("${[1]}", on_error="collect")})

        driver.fail("m[0].x", "broken")

        done = [fact for fact in driver.facts if isinstance(fact, ItemDone)]
        assert [(fact.index, (fact.error or {})["type"]) for fact in done] == [(0, "broken")]

    def test_a_failed_item_of_a_failing_map_has_no_item_fact(self):
        """SEMANTICS 28: the node's failure says it all."""
        driver = drive({"m": over("${[1]}")})

        driver.fail("m[0].x")

        assert "item.done" not in types_of(driver)
        assert [fact.path for fact in driver.facts if isinstance(fact, NodeFailed)] == ["m[0].x", "m"]


class TestNesting:
    def test_a_failure_deep_inside_keeps_its_full_path(self):
        """SEMANTICS 17: error with the full path."""
        inner = {"use": "map", "over": "${[1, 2]}", "nodes": {"x": WORK}}
        driver = drive({"m": {"use": "map", "over": "${[1]}", "nodes": {"inner": inner}}})

        driver.fail("m[0].inner[1].x")
        driver.run()

        assert driver.error is not None
        assert driver.error["node"] == "m[0].inner[1].x"

    def test_a_crash_in_the_middle_goes_on_with_what_is_left(self):
        """SEMANTICS 30: an opened map leaves no fact; it is opened again, the same."""
        driver = drive({"m": over(concurrency=2)}, output="${m}")
        driver.succeed("m[0].x", "a")

        driver.crash()

        assert running(driver) == ["m[1].x", "m[2].x"]
        driver.succeed("m[1].x", "b")
        driver.succeed("m[2].x", "c")
        assert driver.output == ["a", "b", "c"]
