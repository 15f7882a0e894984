"""What a flow says of its runs: timeout, concurrency, budget (SEMANTICS 33, 34)."""

import pytest

ONE = "flow: a\nnodes: {a: {use: set, with: {value: 1}}}\n"


class TestRight:
    def test_concurrency(self, flow):
        """SEMANTICS 33."""
        found = flow(
            ONE + "input: {who: string}\nconcurrency: {key: '${input.who}', limit: 2, when_full: cancel_oldest}"
        ).concurrency

        assert found is not None
        assert (found.limit, found.when_full, found.key is not None) == (2, "cancel_oldest", True)

    def test_concurrency_queues_unless_it_says_otherwise(self, flow):
        found = flow(ONE + "concurrency: {limit: 1}").concurrency

        assert found is not None
        assert (found.when_full, found.key) == ("queue", None)

    def test_budget(self, flow):
        """SEMANTICS 34."""
        found = flow(ONE + "budget: {usd: 1.5, tokens: 1000}").budget

        assert found is not None
        assert (found.usd, found.tokens) == (1.5, 1000)

    @pytest.mark.parametrize("timeout", ["1h", "90", "'${vars.patience}'"])
    def test_timeout(self, flow, timeout):
        assert flow(ONE + f"timeout: {timeout}").timeout is not None


class TestWrong:
    @pytest.mark.parametrize(
        ("policy", "path"),
        [
            ("concurrency: 1", "concurrency"),
            ("concurrency: {}", "concurrency"),
            ("concurrency: {limit: 0}", "concurrency.limit"),
            ("concurrency: {limit: 1, when_full: wait}", "concurrency.when_full"),
            ("concurrency: {limit: 1, keys: x}", "concurrency.keys"),
            ("concurrency: {limit: 1, key: '${a}'}", "concurrency.key"),
            ("budget: 5", "budget"),
            ("budget: {}", "budget"),
            ("budget: {usd: -1}", "budget.usd"),
            ("budget: {tokens: 1.5}", "budget.tokens"),
            ("timeout: soon", "timeout"),
            ("timeout: '${a}'", "timeout"),
            ("finally: 5", "finally"),
            ("finally: {}", "finally"),
            ("finally: {nodes: {z: {use: set, with: {value: 1}}}, output: 1}", "finally.output"),
            ("finally: {nodes: {z: {use: set, with: {value: 1}}}, timeout: soon}", "finally.timeout"),
            ("finally: {nodes: {z: {use: set, after: a, with: {value: 1}}}}", "finally.nodes.z.after"),
            ("description: 5", "description"),
        ],
    )
    def test_a_wrong_policy(self, problem, policy, path):
        assert problem(ONE + policy).path == path
