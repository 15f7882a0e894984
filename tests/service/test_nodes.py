"""The node library in lists, and a node tried on its own."""

import asyncio
from dataclasses import replace

import pytest

from service.house import House, played
from tenuto.bootstrap import open_registry
from tenuto.ports.journal import RunQuery
from tenuto.ports.records import BadCursor
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import BrokenNode
from tenuto.sdk.registry import Registry
from tenuto.service import nodes
from tenuto.service.refusals import Invalid, Refused
from tenuto.settings import Settings


@pytest.fixture(scope="module")
def registry() -> Registry:
    return open_registry(Settings())


class TestTheLibrary:
    def test_pages_go_through_all_of_it_once(self, registry: Registry):
        """What every flow has comes first."""
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page, after = nodes.listing(registry, after=after, limit=3)
            seen += [card.type for card in page]

        with pytest.raises(BadCursor):
            nodes.listing(registry, after="no.such")

        assert seen[:10] == ["approval", "call", "fail", "finish", "if", "loop", "map", "set", "switch", "wait"]
        assert sorted(seen) == sorted({*seen})
        assert set(registry) < set(seen)

    def test_a_package_or_a_part_of_the_name_is_enough(self, registry: Registry):
        """Both narrow the list; a package that is not there is said."""
        by_package, _ = nodes.listing(registry, package="debug")
        by_name, _ = nodes.listing(registry, q="EQUES")
        with pytest.raises(Refused, match="no package") as caught:
            nodes.listing(registry, package="debgu")

        assert {card.package for card in by_package} == {"debug"}
        assert [card.type for card in by_name] == ["http.request"]
        assert caught.value.hint == "did you mean `debug`?"

    def test_a_node_has_its_form(self, registry: Registry):
        """Schemas, ports, effects."""
        card = nodes.get(registry, "http.request")

        assert card.input_schema is not None
        assert "url" in card.input_schema["properties"]  # type: ignore[operator]
        assert (card.ports, card.effects, card.package) == (("done",), "idempotent", "http")

    def test_an_unknown_one_brings_the_nearest(self, registry: Registry):
        """Whether it is of the library or of every flow."""
        hints: list[str] = []
        for name in ("http.requst", "approvl"):
            with pytest.raises(Refused) as caught:
                nodes.get(registry, name)
            hints.append(caught.value.hint)

        assert hints == ["did you mean `http.request`?", "did you mean `approval`?"]

    def test_a_node_that_cannot_be_used_says_why(self):
        """It does not hide the others."""

        class Broken(dict[str, NodeDefinition]):
            def __getitem__(self, key: str) -> NodeDefinition:
                raise BrokenNode("it does not load", where="x.py:1")

        found, _ = nodes.listing(Broken({"my.node": None}), package="project")  # type: ignore[dict-item]

        assert [(card.type, card.trouble) for card in found] == [("my.node", "x.py:1: it does not load")]


class TestTrying:
    def test_it_is_a_run_like_any_other(self):
        """Recorded, labelled, in the tenant of who asks."""

        async def scene(house: House) -> None:
            await house.tenant("other")
            trial = await nodes.attempt(house.platform, house.who("other"), "debug.echo", {"value": [1, 2]})
            entry = (await house.journal.runs(RunQuery(name=trial.run)))[0]

            assert trial.outcome is not None
            assert (trial.outcome.status, trial.outcome.output) == ("succeeded", [1, 2])
            assert (entry.tenant, entry.stage, entry.labels["try"]) == ("other", "dev", "debug.echo")

        played(scene)

    def test_nothing_of_its_input_is_an_expression(self):
        """What looks like one comes back as it is: no secret is named from outside."""

        async def scene(house: House) -> None:
            house.secrets.values["KEY"] = "hush"
            given = {"value": {"a": "${secrets.KEY}", "b": "$${x}", "${c}": "${1 + 1}"}}
            trial = await nodes.attempt(house.platform, house.who(), "debug.echo", given)

            assert trial.outcome is not None
            assert trial.outcome.output == given["value"]

        played(scene)

    def test_what_it_raises_is_its_outcome(self):
        """An error is an answer."""

        async def scene(house: House) -> None:
            trial = await nodes.attempt(house.platform, house.who(), "debug.fail", {"message": "no"})

            assert trial.outcome is not None
            assert trial.outcome.error is not None
            assert (trial.outcome.status, trial.outcome.error["message"]) == ("failed", "no")

        played(scene)

    def test_a_slow_one_is_left_running(self):
        """Its run goes on, and can be cancelled."""

        async def scene(house: House) -> None:
            trial = await nodes.attempt(house.platform, house.who(), "debug.sleep", {"seconds": 60}, patience=0.05)
            await house.host.cancel(trial.run)

            assert trial.outcome is None
            assert (await asyncio.wait_for(house.host.outcome(trial.run), 10)).status == "cancelled"

        played(scene)

    def test_input_that_does_not_fit_is_refused_before_anything_runs(self):
        """Every problem is said."""

        async def scene(house: House) -> None:
            with pytest.raises(Invalid) as caught:
                await nodes.attempt(house.platform, house.who(), "debug.sleep", {"secnds": 1})

            assert {problem.path for problem in caught.value.problems} == {"input", "input.secnds"}
            assert await house.runs() == []

        played(scene)

    def test_a_file_of_another_tenant_is_no_file(self):
        """Its id is sealed for one."""

        async def scene(house: House) -> None:
            await house.tenant("other")
            files = house.platform.files
            theirs = await files.save(b"x", name="x", media_type="text/plain", tenant="other", run="")
            ours = await files.save(b"x", name="x", media_type="text/plain", tenant="default", run="")
            trial = await nodes.attempt(house.platform, house.who(), "debug.echo", {"value": ours})
            with pytest.raises(Refused, match="file"):
                await nodes.attempt(house.platform, house.who(), "debug.echo", {"value": theirs})

            assert trial.outcome is not None
            assert trial.outcome.output == ours
            assert len(await house.runs()) == 1

        played(scene)

    @pytest.mark.parametrize(
        ("name", "stage", "code"),
        [("set", None, "invalid"), ("no.such", None, "not_found"), ("debug.echo", "prod", "forbidden"),
         ("debug.echo", "nowhere", "not_found")],
    )  # fmt: skip
    def test_what_cannot_be_tried(self, name: str, stage: str | None, code: str):
        """Parts of flows, what is not there, and anything on production."""

        async def scene(house: House) -> None:
            with pytest.raises(Refused) as caught:
                await nodes.attempt(house.platform, house.who(), name, {"value": 1}, stage=stage)

            assert caught.value.code == code

        played(scene)

    def test_it_needs_the_permission_to_start_runs(self):
        """That of the route is not enough."""

        async def scene(house: House) -> None:
            who = replace(house.who(), permissions=frozenset({"nodes:try"}))
            with pytest.raises(Refused, match="runs:write"):
                await nodes.attempt(house.platform, who, "debug.echo", {"value": 1})

        played(scene)
