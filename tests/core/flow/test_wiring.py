"""What waits for what (SEMANTICS 7 to 13)."""

from tenuto.core.flow import Entry, Need

A_SUCCEEDED = Need("single", (Entry("a"),))
A_FAILED = Need("single", (Entry("a", frozenset({"error"})),))
A_SETTLED = Need("settled", (Entry("a"),))
TWO = "  a: {use: debug.echo, with: {value: 1}}\n  b: "


def needs(flow, node="b"):
    return flow.body.nodes[node].needs


class TestReferences:
    def test_a_reference_waits_for_success(self, nodes):
        """SEMANTICS 9, 10: a plain reference means the success ports."""
        flow = nodes(TWO + '{use: set, with: {value: "${a}"}}')

        assert needs(flow) == (A_SUCCEEDED,)
        assert flow.body.dependents == {"a": (("b", 0),)}

    def test_a_reference_inside_a_coalescence_or_has_is_optional(self, nodes):
        """SEMANTICS 11: such a reference waits until the node has settled."""
        assert needs(nodes(TWO + '{use: set, with: {value: "${a ?? 1}"}}')) == (A_SETTLED,)
        assert needs(nodes(TWO + '{use: set, with: {value: "${1 ?? a}"}}')) == (A_SETTLED,)
        assert needs(nodes(TWO + '{use: set, with: {value: "${has(a.x)}"}}')) == (A_SETTLED,)

    def test_a_required_reference_outweighs_an_optional_one(self, nodes):
        flow = nodes(TWO + '{use: set, with: {value: ["${a ?? 1}", "${a}"]}}')

        assert needs(flow) == (A_SUCCEEDED,)

    def test_every_expression_of_a_node_counts(self, nodes):
        """SEMANTICS 9: it waits for what its expressions reference, wherever they stand."""
        assert needs(nodes(TWO + '{use: set, when: "${a == 1}", with: {value: 1}}')) == (A_SUCCEEDED,)
        assert needs(nodes(TWO + '{use: debug.echo, timeout: "${a}", with: {value: 1}}')) == (A_SUCCEEDED,)
        assert needs(nodes(TWO + '{use: switch, with: {cases: {x: "${a == 1}"}}}')) == (A_SUCCEEDED,)
        assert needs(nodes(TWO + '{use: loop, carry: "${a}", max: 2, nodes: {c: {use: set, with: {value: 1}}}}')) == (
            A_SUCCEEDED,
        )

    def test_the_error_of_a_node_is_a_dependence_on_its_error_port(self, nodes):
        """SEMANTICS 8: and the failure counts as handled."""
        flow = nodes(TWO + '{use: set, with: {value: "${a.error.message}"}}')

        assert needs(flow) == (A_FAILED,)
        assert flow.body.nodes["a"].handled

    def test_an_optional_error_is_waited_for_until_settled_and_handles_it_too(self, nodes):
        flow = nodes(TWO + '{use: set, with: {value: "${a.error.message ?? null}"}}')

        assert needs(flow) == (A_SETTLED,)
        assert flow.body.nodes["a"].handled

    def test_an_output_field_named_error_is_read_by_its_index(self, nodes):
        """SEMANTICS 8: `NODE['error']` is no dependence on the port."""
        flow = nodes(TWO + """{use: set, with: {value: "${a['error']}"}}""")

        assert needs(flow) == (A_SUCCEEDED,)
        assert not flow.body.nodes["a"].handled

    def test_who_asks_for_the_port_waits_for_any(self, nodes):
        """SEMANTICS 6: of an approval also for the unhappy ones."""
        flow = nodes(
            '  a: {use: approval, with: {question: "?"}, timeout: 1h}\n  b: {use: set, with: {value: "${port(a)}"}}'
        )

        assert needs(flow) == (Need("single", (Entry("a", frozenset({"approved", "rejected", "timeout"})),)),)

    def test_the_output_of_a_flow_and_finally_wait_for_nothing(self, flow):
        found = flow(
            'flow: a\nnodes: {a: {use: set, with: {value: 1}}}\noutput: ${a}\nfinally: {nodes: {z: {use: set, with: {value: "${a}"}}}}'
        )

        assert found.body.dependents == {}
        assert found.finally_ is not None
        assert found.finally_.nodes["z"].needs == ()

    def test_an_error_read_in_the_output_or_in_finally_handles_nothing(self, flow):
        found = flow(
            'flow: a\nnodes: {a: {use: set, with: {value: 1}}}\noutput: ${a.error.message ?? "fine"}\n'
            'finally: {nodes: {z: {use: set, with: {value: "${a.error ?? null}"}}}}'
        )

        assert not found.body.nodes["a"].handled


class TestAfter:
    def test_all_forms(self, nodes):
        """SEMANTICS 9."""
        flow = nodes(
            "  a: {use: set, with: {value: 1}}\n  b: {use: if, with: {condition: true}}\n"
            '  c: {use: approval, with: {question: "?"}, timeout: 1h}\n  d: {use: set, with: {value: 1}}\n'
            "  e: {use: set, after: [a, b.true, {any: [c.rejected, c.timeout]}, 'd?'], with: {value: 1}}"
        )

        assert needs(flow, "e") == (
            A_SUCCEEDED,
            Need("single", (Entry("b", frozenset({"true"})),)),
            Need("any", (Entry("c", frozenset({"rejected"})), Entry("c", frozenset({"timeout"})))),
            Need("settled", (Entry("d"),)),
        )

    def test_one_entry_needs_no_list(self, nodes):
        assert needs(nodes(TWO + "{use: set, after: a, with: {value: 1}}")) == (A_SUCCEEDED,)
        assert needs(nodes(TWO + "{use: set, after: {any: [a]}, with: {value: 1}}")) == (Need("any", (Entry("a"),)),)

    def test_a_node_named_in_after_is_not_added_by_a_reference(self, nodes):
        """SEMANTICS 9."""
        flow = nodes(TWO + "{use: set, after: ['a?'], with: {value: \"${a}\"}}")

        assert needs(flow) == (A_SETTLED,)

    def test_an_entry_may_name_a_case_with_spaces(self, nodes):
        flow = nodes(
            "  a: {use: switch, with: {value: x, cases: [New York]}}\n  b: {use: set, after: [a.New York], with: {value: 1}}"
        )

        assert needs(flow) == (Need("single", (Entry("a", frozenset({"New York"})),)),)

    def test_a_node_that_waits_for_the_error_port_handles_the_failure(self, nodes):
        """If somebody waits for its `error` port, that fires."""
        assert nodes(TWO + "{use: set, after: [a.error], with: {value: 1}}").body.nodes["a"].handled
        assert nodes(TWO + "{use: set, after: {any: [a, a.error]}, with: {value: 1}}").body.nodes["a"].handled
        assert not nodes(TWO + "{use: set, after: ['a?'], with: {value: 1}}").body.nodes["a"].handled

    def test_reading_the_error_after_success_handles_nothing(self, nodes):
        """Whoever waits for `a` alone never sees it fail."""
        flow = nodes(TWO + '{use: set, after: [a], with: {value: "${a.error ?? null}"}}')

        assert not flow.body.nodes["a"].handled

    def test_a_reference_to_one_of_several_alternatives_adds_no_need(self, nodes):
        """SEMANTICS 9: the node may run before that one has settled."""
        text = "  a: {use: set, with: {value: 1}}\n  c: {use: set, with: {value: 1}}\n  b: {use: set, after: %s, with: {value: '${a ?? c}'}}"

        assert needs(nodes(text % "{any: [a, c]}")) == (Need("any", (Entry("a"), Entry("c"))),)


class TestContainers:
    def test_a_container_waits_for_what_its_body_references(self, nodes):
        """SEMANTICS 13: at any depth, in outputs and conditions too."""
        flow = nodes(
            "  a: {use: set, with: {value: [1]}}\n  c: {use: set, with: {value: 1}}\n  d: {use: set, with: {value: 1}}\n"
            "  b:\n    use: map\n    over: [1]\n    nodes:\n      inner:\n        use: loop\n        max: 1\n"
            "        until: ${turn.index > d}\n        nodes:\n          leaf: {use: set, with: {value: '${a}'}}\n"
            "    output: ${inner ?? c}"
        )

        assert needs(flow) == (A_SUCCEEDED, Need("single", (Entry("d"),)), Need("settled", (Entry("c"),)))
        inner = flow.body.nodes["b"].body.nodes["inner"]
        assert inner.needs == ()

    def test_a_body_handles_the_failure_of_an_outer_node(self, nodes):
        flow = nodes(TWO + "{use: map, over: [1], nodes: {c: {use: set, with: {value: '${a.error.message}'}}}}")

        assert needs(flow) == (A_FAILED,)
        assert flow.body.nodes["a"].handled

    def test_nodes_inside_a_body_wait_for_each_other(self, nodes):
        flow = nodes(
            "  m: {use: map, over: [1], nodes: {a: {use: set, with: {value: 1}}, b: {use: set, with: {value: '${a}'}}}}"
        )

        body = flow.body.nodes["m"].body
        assert body.nodes["b"].needs == (A_SUCCEEDED,)
        assert body.dependents == {"a": (("b", 0),)}

    def test_after_in_a_body_names_siblings(self, wrong_nodes):
        """SEMANTICS 13."""
        found = wrong_nodes(TWO + "{use: map, over: [1], nodes: {c: {use: set, after: a, with: {value: 1}}}}")

        assert (found.path, found.code) == ("nodes.b.nodes.c.after", "unknown_node")
        assert "same body" in found.hint


class TestWithoutALibrary:
    def test_a_pinned_document_is_wired_the_same(self, flow):
        """A run is recovered with no library at hand, and must find the same needs."""
        from tenuto.core.flow import read

        text = 'flow: a\nnodes:\n  a: {use: mail.sort}\n  b: {use: set, after: a.spam, with: {value: "${port(a)}"}}\n  c: {use: set, with: {value: "${a.error ?? b}"}}'
        with_library = flow(text)

        pinned, problems = read(with_library.document)

        assert problems == []
        assert pinned is not None
        assert [each.needs for each in pinned.body.nodes.values()] == [
            each.needs for each in with_library.body.nodes.values()
        ]
        assert pinned.hash == with_library.hash
