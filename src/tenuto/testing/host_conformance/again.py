"""A run made of another: what is reused."""

from tenuto.testing.host_conformance.play import Case, Play, echo


async def _reuse(play: Play) -> None:
    again = await play.again("retry")
    outcome = await again.ended()
    assert outcome.status == "failed"
    assert [fact.path for fact in await again.of("node.reused")] == ["a"]
    assert [fact.path for fact in await again.of("node.failed")] == ["b"]
    assert (await again.of("node.reused"))[0].from_ == play.run


async def _fork_with_edit(play: Play) -> None:
    fork = await play.again("fork", edits={"a.output": 10})
    outcome = await fork.ended()
    assert outcome.output == 11
    assert [fact.from_ for fact in await fork.of("node.reused", "a")] == ["edit"]


CASES: tuple[Case, ...] = (
    Case(
        "retry-reuses-what-succeeded",
        {"nodes": {"a": echo(1), "b": {"use": "test.fail", "after": ["a"]}}},
        status="failed",
        error="refused",
        then=_reuse,
    ),
    Case(
        "fork-with-an-edit",
        {"nodes": {"a": echo(1), "b": echo("${a + 1}")}, "output": "${b}"},
        output=2,
        then=_fork_with_edit,
    ),
)
