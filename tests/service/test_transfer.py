"""A flow leaves with what it needs, and comes in all or not at all."""

from typing import Any

import pytest

from service.house import House, opened, played
from tenuto.ports.values import Value
from tenuto.service import bundles, flows, transfer
from tenuto.service.bundles import Files
from tenuto.service.refusals import Invalid
from tenuto.service.transfer import Imported

INNER = "flow: inner\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: ${a}\n"
OUTER = """\
# Calls another, and needs things.
flow: outer
nodes:
  ask: {use: http.request, with: {url: "${vars.URL}", headers: {key: "${secrets.KEY}"}}}
  b: {use: call, with: {flow: inner}, after: [ask]}
output: ${b}
"""


async def exported(house: House, name: str, version: str | None = None) -> Files:
    platform = house.platform
    async with house.store.read() as tx:
        return await transfer.export(platform.flows, tx, house.who(), name, version, platform.registry)


async def imported(house: House, files: Files, tenant: str = "default") -> Imported:
    bundle, texts = await transfer.read(house.platform.flows, files)
    async with house.store.write() as tx:
        return await transfer.admit(house.platform.flows, tx, house.who(tenant), bundle, texts)


async def names(house: House, tenant: str = "default") -> list[str]:
    async with house.store.read() as tx:
        return [entry.name for entry in (await tx.flows.list(tenant)).items]


async def problems_of(house: House, files: Files) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        await imported(house, files)
    return [(problem.path, problem.code) for problem in caught.value.problems]


class TestExport:
    def test_it_brings_what_it_calls_and_names_the_rest(self):
        """Texts as they were written; no value of anything."""

        async def scene(house: House) -> None:
            await house.save(INNER)
            await house.publish(OUTER, "staging")
            files = await exported(house, "outer")
            needs = bundles.read(files).needs

            assert sorted(files) == ["flows/inner.yaml", "flows/outer.yaml", "tenuto.toml"]
            assert files["flows/outer.yaml"].decode() == OUTER
            assert (needs.variables, needs.secrets, needs.nodes) == (("URL",), ("KEY",), ("http.request",))
            assert needs.stages == ("staging",)

        played(scene)

    def test_a_version_that_is_named_comes_under_its_number(self):
        """Beside the newest, where both are called."""

        async def scene(house: House) -> None:
            await house.save(INNER)
            await house.save(INNER.replace("value: 1", "value: 2"))
            call = "flow: two\nnodes:\n  x: {use: call, with: {flow: inner, version: 1}}\n  y: {use: call, with: {flow: inner}}\n"
            await house.save(call)
            files = await exported(house, "two")

            assert sorted(files) == ["flows/inner.yaml", "flows/inner@1.yaml", "flows/two.yaml", "tenuto.toml"]
            assert b"value: 1" in files["flows/inner@1.yaml"]
            assert b"value: 2" in files["flows/inner.yaml"]

        played(scene)

    def test_flows_that_call_each_other_come_once(self):
        """In circles, too."""

        async def scene(house: House) -> None:
            for one, other in (("ping", "pong"), ("pong", "ping")):
                await house.save(f"flow: {one}\nnodes:\n  a: {{use: call, with: {{flow: {other}}}}}\n")

            assert sorted(await exported(house, "ping")) == ["flows/ping.yaml", "flows/pong.yaml", "tenuto.toml"]

        played(scene)


class TestImport:
    def test_a_bundle_makes_the_same_flows_elsewhere(self):
        """Word for word; what is missing there is said, and nothing is published."""

        async def scene(house: House) -> None:
            await house.save(INNER)
            await house.publish(OUTER, "prod")
            files = await exported(house, "outer")
            async with opened() as there:
                done = await imported(there, files)
                again = await imported(there, files)
                back = await exported(there, "outer")
                async with there.store.read() as tx:
                    published = await tx.publications.list("default")

            assert [(saved.name, saved.version, saved.new) for saved in done.saved] == [
                ("inner", 1, True),
                ("outer", 1, True),
            ]
            assert [(problem.code, problem.severity) for problem in done.problems] == [
                ("missing_variable", "warning"),
                ("missing_secret", "warning"),
            ]
            assert [saved.new for saved in again.saved] == [False, False]
            assert published == []
            assert {name: back[name] for name in back if name != "tenuto.toml"} == {
                name: files[name] for name in files if name != "tenuto.toml"
            }

        played(scene)

    def test_what_is_set_here_is_not_missing(self):
        """In whatever stage."""

        async def scene(house: House) -> None:
            async with house.store.write() as tx:
                await tx.variables.put(Value("default", "prod", "URL", "x", "me", 1.0))
            done = await imported(house, {"flows/inner.yaml": INNER.encode(), "flows/outer.yaml": OUTER.encode()})

            assert [problem.code for problem in done.problems] == ["missing_secret"]

        played(scene)

    def test_one_wrong_flow_refuses_all(self):
        """Every problem is said, with its file and its line."""

        async def scene(house: House) -> None:
            wrong = OUTER.replace("http.request", "http.requst")
            found = await problems_of(house, {"flows/inner.yaml": INNER.encode(), "flows/outer.yaml": wrong.encode()})

            assert found == [("flows/outer.yaml: nodes.ask.use", "unknown_type")]
            assert await names(house) == []

        played(scene)

    def test_what_it_calls_must_be_there(self):
        """In the bundle, or here."""

        async def scene(house: House) -> None:
            files = {"flows/outer.yaml": OUTER.encode()}
            assert await problems_of(house, files) == [("flows/outer.yaml: nodes.b.with.flow", "unknown_flow")]
            await house.save(INNER)
            await imported(house, files)

            assert await names(house) == ["inner", "outer"]

        played(scene)

    def test_a_file_is_called_as_its_flow(self):
        """So that it is found again."""

        async def scene(house: House) -> None:
            assert await problems_of(house, {"flows/other.yaml": INNER.encode()}) == [
                ("flows/other.yaml: flow", "wrong_name")
            ]
            both = {"flows/inner.yaml": INNER.encode(), "flows/inner.yml": INNER.encode()}
            assert await problems_of(house, both) == [("flows/inner.yml", "duplicate")]

        played(scene)

    def test_a_version_that_is_called_by_number_must_mean_the_same_here(self):
        """Else nothing is imported, and its hash is offered, which is the same everywhere."""
        newer = INNER.replace("value: 1", "value: 2")
        call = "flow: caller\nnodes:\n  x: {use: call, with: {flow: inner, version: 2}}\n"

        async def scene(house: House) -> None:
            await house.save(INNER)
            await house.save(newer)
            await house.save(call)
            files = await exported(house, "caller")
            async with opened() as there:
                assert await problems_of(there, files) == [("flows/caller.yaml: nodes.x.with.version", "other_version")]
                assert await names(there) == []
                await there.save(INNER)
                await imported(there, files)
                assert await names(there) == ["caller", "inner"]

        played(scene)

    def test_flows_of_other_tenants_are_not_there(self):
        """To call them, or to be taken for the same."""

        async def scene(house: House) -> None:
            await house.tenant("other")
            await house.save(INNER, "other")

            assert await problems_of(house, {"flows/outer.yaml": OUTER.encode()}) == [
                ("flows/outer.yaml: nodes.b.with.flow", "unknown_flow")
            ]

        played(scene)

    def test_markup_in_texts_stays_text(self):
        """SECURITY 86: what a flow says about itself is data."""
        text = INNER.replace("nodes:", "description: \"<script>alert('x')</script>\"\nnodes:")

        async def scene(house: House) -> None:
            await imported(house, {"flows/inner.yaml": text.encode()})
            async with house.store.read() as tx:
                shown: Any = await flows.get(house.platform.flows, tx, house.who(), "inner")

            assert shown.version.source == text

        played(scene)
