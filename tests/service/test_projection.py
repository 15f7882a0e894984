"""A run's view from its facts, and what the heart adds that no fact says."""

from tenuto.core import events
from tenuto.core.events import Fact
from tenuto.documents import load
from tenuto.service.follow import Follower, follow
from tenuto.service.projection import parent_of, project

RESEARCH = """
flow: research
nodes:
  write: {use: debug.echo, after: [ok.approved], with: {value: "${search}"}, retry: {attempts: 3}}
  ok: {use: approval, with: {question: "Run this?", show: "${plan}"}}
  plan: {use: debug.echo, with: {value: a plan}}
  search:
    use: map
    after: [ok.approved]
    over: [1, 2, 3]
    nodes: {ask: {use: debug.echo, with: {value: "${item}"}}}
    output: ${ask}
finally:
  nodes: {tidy: {use: set, with: {value: 1}}}
"""


def following(*facts: Fact) -> Follower:
    flow = load(RESEARCH).flow
    assert flow is not None
    return follow(enumerate([STARTED, *facts], 1), flow)


STARTED = events.RunStarted(100.0, "id-1", "brave-otter", "research", "hash", {})
PLANNED = events.NodeSucceeded(101.0, "plan", "done", "a plan", started_at=100.5, input={"value": "a plan"})
APPROVED = events.NodeSucceeded(102.0, "ok", "approved", {"by": "ada"}, input={})


class TestOrder:
    def test_nodes_stand_after_those_that_they_wait_for(self) -> None:
        """A recorded document has its keys sorted; the reader wants the order of the work, `finally` last."""
        assert list(following().view().nodes) == ["plan", "ok", "search", "write", "tidy"]


class TestStatuses:
    def test_what_is_reached_runs_though_no_fact_says_so(self) -> None:
        """The start of an ordinary node is not recorded."""
        view = following().view()

        assert (view.status, view.nodes["plan"].status, view.nodes["ok"].status) == ("running", "running", "pending")

    def test_an_approval_that_waits_is_known_with_its_question(self) -> None:
        """It has no fact either; who it waits for is asked of the heart."""
        follower = following(PLANNED)
        (wait,) = follower.waits()

        assert follower.view().status == "waiting"
        assert (wait.kind, wait.path, wait.ask) == ("approval", "ok", {"question": "Run this?", "show": "a plan"})
        assert follower.view().nodes["ok"].started_at == 101.0

    def test_a_map_knows_its_items_from_the_moment_when_it_opens(self) -> None:
        """Three to do, one done."""
        node = (
            following(
                PLANNED,
                APPROVED,
                events.NodeSucceeded(103.0, "search[1].ask", "done", 2, input={"value": 2}),
                events.ItemDone(103.0, "search", 1, 2),
            )
            .view()
            .nodes["search"]
        )

        assert (node.status, node.items, node.items_done) == ("running", 3, 1)

    def test_a_node_that_is_tried_again_says_when(self) -> None:
        """With what went wrong, and how often it may be tried."""
        failed = {"type": "error", "message": "not now"}
        done = [events.NodeSucceeded(103.0, f"search[{n}].ask", "done", n, input={}) for n in range(3)]
        items = [events.ItemDone(103.0, "search", n, n) for n in range(3)]
        searched = events.NodeSucceeded(103.0, "search", "done", [0, 1, 2], input={})
        retrying = events.NodeRetrying(104.0, "write", 1, 110.0, failed)

        node = following(PLANNED, APPROVED, *done, *items, searched, retrying).view().nodes["write"]

        assert (node.status, node.attempts, node.max_attempts, node.due) == ("retrying", 1, 3, 110.0)
        assert node.error == failed

    def test_what_was_under_way_when_the_run_ended_is_cancelled(self) -> None:
        """What was never reached stays pending."""
        ended = events.RunCancelled(105.0, {"type": "cancelled", "message": "enough"})

        view = following(PLANNED, ended).view()

        assert (view.status, view.ended_at) == ("cancelled", 105.0)
        assert view.nodes["plan"].status == "succeeded"
        assert view.nodes["write"].status == "pending"


class TestWithoutADocument:
    def test_the_facts_alone_give_a_view(self) -> None:
        """A program that cannot read the document still shows what is recorded."""
        view = project(enumerate([STARTED, PLANNED], 1))

        assert (view.name, view.nodes["plan"].output, view.nodes["plan"].use) == ("brave-otter", "a plan", "")

    def test_usage_is_summed(self) -> None:
        """Of steps and of outcomes."""
        step = events.StepRecorded(101.0, "plan", "llm:1", "h", None, usage={"usd": 0.25, "tokens": 10.0})
        outcome = events.NodeSucceeded(102.0, "plan", "done", 1, usage={"usd": 0.5})

        cost = project(enumerate([STARTED, step, outcome], 1)).cost

        assert cost == {"usd": 0.75, "tokens": 10}
        assert repr(cost["tokens"]) == "10", "tokens are counted, and shown as whole numbers"


def test_the_parent_of_a_path_is_what_it_stands_in() -> None:
    """Maps and loops by their brackets, an agent's tools by their slash."""
    assert [parent_of(path) for path in ("plan", "search[3].ask", "a[1].b[2].c", "ask/tool:2")] == [
        "",
        "search",
        "a[1].b",
        "ask",
    ]
