"""What a flow needs around it, read off its document."""

from typing import Any

from tenuto.core.flow import read
from tenuto.service.needs import Call, Employs, Needs, needs_of


def needs(document: dict[str, Any]) -> Needs:
    flow, problems = read({"flow": "f", **document})
    assert flow is not None, problems
    return needs_of(flow)


def test_a_plain_flow_needs_nothing():
    """What is built in is everywhere."""
    found = needs({"nodes": {"a": {"use": "set", "with": {"value": 1}}}})

    assert found == Needs((), (), (), (), ())


def test_calls_are_found_wherever_they_stand():
    """In bodies of maps and loops, in `finally`, however deep."""
    call = {"use": "call", "with": {"flow": "inner", "version": 3}}
    body = {"m": {"use": "loop", "max": 2, "nodes": {"c": call}}}
    found = needs(
        {
            "nodes": {"each": {"use": "map", "over": [1], "nodes": body}},
            "finally": {"nodes": {"last": {"use": "call", "with": {"flow": "sweep"}}}},
        }
    )

    assert set(found.calls) == {
        Call("nodes.each.nodes.m.nodes.c", "inner", "3"),
        Call("finally.nodes.last", "sweep"),
    }


def test_a_call_that_is_worked_out_is_said_to_be():
    """Only the run knows what it calls."""
    found = needs({"input": {"x": "string"}, "nodes": {"a": {"use": "call", "with": {"flow": "${input.x}"}}}})

    assert found.calls == ()
    assert found.worked_out == ("nodes.a",)


def test_variables_secrets_and_nodes_by_name():
    """Each once, in order."""
    request = {"use": "http.request", "with": {"url": "${vars.URL}", "headers": {"key": "${secrets.KEY}"}}}
    found = needs({"nodes": {"a": request, "b": request, "c": {"use": "debug.echo", "with": {"value": "${vars.A}"}}}})

    assert found.variables == ("A", "URL")
    assert found.secrets == ("KEY",)
    assert found.nodes == ("debug.echo", "http.request")


def test_agents_are_found_where_their_names_are_written_out():
    """Wherever they stand."""
    body = {"a": {"use": "agent", "with": {"agent": "editor", "task": "${item}"}}}
    found = needs(
        {
            "input": {"x": "string"},
            "nodes": {
                "one": {"use": "agent", "with": {"agent": "${input.x}", "task": "Go"}},
                "each": {"use": "map", "over": [1], "nodes": body},
            },
        }
    )

    assert found.agents == (Employs("nodes.each.nodes.a", "editor"),)
