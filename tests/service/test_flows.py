"""Flows are saved in versions, listed, compared and deleted."""

import asyncio

import pytest

from service.house import House, played
from tenuto.core.events import RunStarted
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.service import flows, publications
from tenuto.service.flows import JSON, YAML, Checked, Saved
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.shelf import live_in
from tenuto.service.sources import SourceFile
from tenuto.service.startable import resolve

HELLO = "flow: hello\ndescription: Says it.\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: ${a}\n"
LATER = HELLO.replace("value: 1", "value: 2")
WAITS = "flow: waits\nnodes:\n  a: {use: wait, with: {signal: go}}\noutput: ${a}\n"


async def checked(house: House, text: str | bytes, media_type: str = YAML) -> Checked:
    content = text if isinstance(text, bytes) else text.encode()
    return await flows.read(content, media_type, house.platform.flows.library)


async def save(house: House, text: str, tenant: str = "default") -> Saved:
    document = await checked(house, text)
    async with house.store.write() as tx:
        return await flows.save(house.platform.flows, tx, house.who(tenant), document)


async def draft(house: House, text: str | bytes, name: str = "") -> Saved:
    document = await checked(house, text)
    async with house.store.write() as tx:
        return await flows.save_draft(house.platform.flows, tx, house.who(), document, name)


async def shown(house: House, name: str, version: str | None = None, **more: bool) -> flows.Shown:
    async with house.store.read() as tx:
        return await flows.get(house.platform.flows, tx, house.who(), name, version, **more)


async def delete(house: House, name: str, tenant: str = "default") -> None:
    async with house.store.write() as tx:
        await flows.delete(house.platform.flows, tx, house.who(tenant), name)


def refused(code: str, message: str | None = None) -> "pytest.RaisesExc[Refused]":
    return pytest.raises(Refused, match=message, check=lambda error: error.code == code)


class TestSaving:
    def test_each_change_is_a_version(self):
        """Numbers count up from 1."""

        async def scene(house: House) -> None:
            first, second = await save(house, HELLO), await save(house, LATER)

            assert (first.version, second.version) == (1, 2)
            assert first.hash != second.hash
            assert first.new
            assert second.new

        played(scene)

    def test_what_means_the_same_is_no_version(self):
        """Formatting, comments and the order of keys do not count, and JSON may say what YAML said."""

        async def scene(house: House) -> None:
            first = await save(house, HELLO)
            again = await save(house, "# a comment\n" + HELLO.replace("  a: {use", "  a:   {use"))

            assert (again.version, again.hash, again.new) == (1, first.hash, False)

        played(scene)

    def test_going_back_to_an_older_text_is_a_version(self):
        """The history says that it was done."""

        async def scene(house: House) -> None:
            first, _, third = [await save(house, text) for text in (HELLO, LATER, HELLO)]

            assert third.version == 3
            assert third.hash == first.hash

        played(scene)

    def test_problems_refuse_it_and_nothing_is_kept(self):
        """All of them are said."""

        async def scene(house: House) -> None:
            with pytest.raises(Invalid) as caught:
                await save(house, HELLO.replace("use: set", "use: no.such_node"))
            with refused("not_found"):
                await shown(house, "hello")

            assert [problem.code for problem in caught.value.problems] == ["unknown_type"]

        played(scene)

    def test_the_text_comes_back_as_it_was_written(self):
        """Comments and all; as JSON it is the canonical document."""
        text = "# why: to greet\n" + HELLO

        async def scene(house: House) -> None:
            await save(house, text)
            found = await shown(house, "hello")

            assert flows.text_of(found, YAML) == text
            assert flows.text_of(found, JSON).startswith('{"description":"Says it.","flow":"hello"')

        played(scene)

    def test_what_was_sent_as_json_can_be_had_as_yaml(self):
        """It is written out as a person would."""

        async def scene(house: House) -> None:
            document = await checked(house, '{"flow": "j", "nodes": {"a": {"use": "set", "with": {"value": 1}}}}', JSON)
            async with house.store.write() as tx:
                await flows.save(house.platform.flows, tx, house.who(), document)

            assert flows.text_of(await shown(house, "j"), YAML).startswith("flow: j\n")

        played(scene)

    def test_many_at_once_make_numbers_without_gaps(self):
        """Whoever comes at the same time waits for their turn."""

        async def scene(house: House) -> None:
            texts = [HELLO.replace("value: 1", f"value: {number}") for number in range(20)]
            saved = await asyncio.gather(*(save(house, text) for text in texts))

            assert sorted(each.version or 0 for each in saved) == list(range(1, 21))

        played(scene)

    def test_another_type_of_body_is_refused(self):
        """It says what would do."""

        async def scene(house: House) -> None:
            with refused("unsupported_media_type", "not `text/html`"):
                await checked(house, HELLO, "text/html")

        played(scene)

    def test_names_are_names(self):
        """SECURITY 72, 86: nothing that could be a path, markup or a trick of writing."""
        names = ["../etc/passwd", "a/b", "CON", "a\u202eb", "<script>", "x" * 1000, "a\\u0000b", "", "-a", "a--b"]

        async def scene(house: House) -> None:
            for name in names:
                with pytest.raises(Invalid):
                    await save(house, HELLO.replace("flow: hello", f'flow: "{name}"'))
                with refused("not_found"):
                    await shown(house, name)

        played(scene)


class TestDrafts:
    def test_a_draft_keeps_its_problems(self):
        """Nothing runs it, and it is shown where there is no version."""

        async def scene(house: House) -> None:
            kept = await draft(house, "flow: later\nnodes: {a: {use: set}}\n")
            found = await shown(house, "later")

            assert kept.version is None
            assert kept.problems
            assert found.draft is not None
            assert found.version is None
            with refused("not_found", "only a draft"):
                await resolve(house.platform, "default", "later")

        played(scene)

    def test_what_is_no_yaml_needs_a_name_from_outside(self):
        """An editor knows what it edits."""

        async def scene(house: House) -> None:
            with pytest.raises(Invalid, match="needs the name"):
                await draft(house, "flow: [")
            await draft(house, "flow: [", "later")

            assert (await shown(house, "later")).draft is not None

        played(scene)

    def test_a_version_takes_the_place_of_the_draft(self):
        """It was written out of it."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            await draft(house, LATER)
            assert (await shown(house, "hello")).draft is not None
            await save(house, LATER)

            assert (await shown(house, "hello")).draft is None
            with refused("not_found", "has no draft"):
                await shown(house, "hello", draft=True)

        played(scene)

    def test_text_that_cannot_be_kept_is_refused(self):
        """A draft is text, too."""

        async def scene(house: House) -> None:
            with pytest.raises(Invalid, match="cannot be kept"):
                await draft(house, b"flow: a\xff\n", "a")

        played(scene)


class TestLookingAtThem:
    def test_a_list_says_what_is_published_where(self):
        """By name."""

        async def scene(house: House) -> None:
            await house.publish(HELLO, "prod")
            await save(house, LATER)
            await save(house, WAITS)
            async with house.store.read() as tx:
                page = await flows.listing(house.platform.flows, tx, house.who())
                found = await flows.listing(house.platform.flows, tx, house.who(), q="ait")

            assert [(each.entry.name, each.entry.number, each.stages) for each in page.items] == [
                ("hello", 2, {"prod": 1}),
                ("waits", 1, {}),
            ]
            assert [each.entry.name for each in found.items] == ["waits"]

        played(scene)

    def test_a_version_is_found_by_number_and_by_hash(self):
        """Both name one text for ever."""

        async def scene(house: House) -> None:
            first = await save(house, HELLO)
            await save(house, LATER)
            by_number = await shown(house, "hello", "1")
            by_hash = await shown(house, "hello", first.hash)

            assert by_number.version == by_hash.version
            assert by_number.version is not None
            assert by_number.version.source == HELLO

        played(scene)

    def test_a_version_that_is_not_there_is_said(self):
        """With those that are; whatever is asked for."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            for version in ("0", "3", "-1", "x", "1e3", "9" * 30, "a" * 64, "\u0661", ""):
                with refused("not_found", "has no version"):
                    await shown(house, "hello", version)

        played(scene)

    def test_an_unknown_name_brings_the_nearest(self):
        """Nobody retypes from memory."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            with pytest.raises(Refused) as caught:
                await shown(house, "helo")

            assert caught.value.hint == "did you mean `hello`?"

        played(scene)

    def test_a_difference_names_the_paths(self):
        """The newest against the one before, unless others are asked for."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            await save(house, LATER)
            async with house.store.read() as tx:
                found = await flows.diff(tx, house.who(), "hello")
                back = await flows.diff(tx, house.who(), "hello", "2", "1")

            assert [(change.path, change.before, change.after) for change in found.changes] == [
                ("nodes.a.with.value", 1, 2)
            ]
            assert (found.before, found.after) == (1, 2)
            assert back.changes[0].before == 2

        played(scene)

    def test_large_documents_are_compared_beside_the_loop(self):
        """With the same answer."""
        nodes = "".join(f"  n{number}: {{use: set, with: {{value: '{'x' * 60}'}}}}\n" for number in range(700))

        async def scene(house: House) -> None:
            await save(house, f"flow: large\nnodes:\n{nodes}")
            await save(house, f"flow: large\nnodes:\n{nodes}  last: {{use: set, with: {{value: 1}}}}\n")
            async with house.store.read() as tx:
                found = await flows.diff(tx, house.who(), "large")

            assert [(change.path, change.kind) for change in found.changes] == [("nodes.last", "added")]

        played(scene)

    def test_a_part_of_a_name_is_no_pattern(self):
        """What means something to a database means itself here."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            async with house.store.read() as tx:
                found = [
                    len((await flows.listing(house.platform.flows, tx, house.who(), q=q)).items)
                    for q in ("%", "_", "h_llo", "*", "ELL", "ell")
                ]

            assert found[:4] == [0, 0, 0, 0]
            assert found[5] == 1

        played(scene)

    def test_another_tenant_sees_none_of_it(self):
        """Its own flow of that name is another flow."""

        async def scene(house: House) -> None:
            await house.tenant("other")
            await save(house, HELLO)
            async with house.store.read() as tx:
                page = await flows.listing(house.platform.flows, tx, house.who("other"))
                with refused("not_found"):
                    await flows.get(house.platform.flows, tx, house.who("other"), "hello")
                with refused("not_found"):
                    await flows.history(tx, house.who("other"), "hello")
            with refused("not_found"):
                await delete(house, "hello", "other")
            mine = await save(house, LATER, "other")

            assert page.items == []
            assert mine.version == 1

        played(scene)


class TestDeleting:
    def test_a_flow_goes_with_its_versions(self):
        """The next of that name begins anew."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            await save(house, LATER)
            await delete(house, "hello")
            with refused("not_found"):
                await shown(house, "hello")

            assert (await save(house, LATER)).version == 1

        played(scene)

    def test_not_while_it_is_published(self):
        """It says where."""

        async def scene(house: House) -> None:
            await house.publish(HELLO, "prod")
            with refused("in_use", "published to prod"):
                await delete(house, "hello")
            await house.unpublish("hello", "prod")
            await delete(house, "hello")

        played(scene)

    def test_not_while_a_run_of_it_has_not_ended_and_then_its_runs_stay(self):
        """They hold their document themselves."""

        async def scene(house: House) -> None:
            house.platform.flows.live = live_in(house.platform.archive)
            await save(house, WAITS)
            run = await _start(house, "waits")
            with refused("in_use", "has runs that have not ended"):
                await delete(house, "waits")
            await house.host.signal(run, "go", 7)
            outcome = await house.host.outcome(run)
            await delete(house, "waits")
            entry = (await house.journal.runs(RunQuery(name=run)))[0]
            kept = await house.platform.archive.flow(entry.document)

            assert outcome.output == 7
            assert kept is not None
            assert kept.name == "waits"

        played(scene)

    def test_a_draft_alone_can_be_deleted(self):
        """Nothing else was ever there."""

        async def scene(house: House) -> None:
            await draft(house, "flow: later\n")
            await delete(house, "later")
            with refused("not_found"):
                await shown(house, "later")

        played(scene)


class TestRunsKeepTheirVersion:
    def test_a_new_version_never_touches_a_run_on_its_way(self):
        """It goes on with the text that it began with, even though the new one is published."""

        async def scene(house: House) -> None:
            await house.publish(WAITS)
            run = await _start(house, "waits")
            before = await house.begun(run)
            await house.publish(WAITS.replace("output: ${a}", "output: new"))
            await house.host.signal(run, "go", "old")
            outcome = await house.host.outcome(run)

            assert isinstance(before, RunStarted)
            assert outcome.output == "old"
            assert (await house.journal.runs(RunQuery(name=run)))[0].document == before.document

        played(scene)


class TestFlowsFromFiles:
    def test_nobody_else_may_change_them(self):
        """They are changed where they are."""

        async def scene(house: House) -> None:
            await house.publish(HELLO)
            house.platform.flows.sources.files["hello"] = SourceFile("flows/hello.yaml")
            for act in (save(house, LATER), draft(house, LATER), delete(house, "hello"), house.unpublish("hello")):
                with refused("conflict", "comes from flows/hello.yaml"):
                    await act
            async with house.store.write() as tx:
                await publications.publish(house.platform.flows, tx, house.who(), "hello", "prod")

        played(scene)

    def test_once_the_file_is_gone_they_are_as_any(self):
        """It is nobody's any more."""

        async def scene(house: House) -> None:
            await save(house, HELLO)
            house.platform.flows.sources.files["hello"] = SourceFile("flows/hello.yaml", gone=True)

            assert (await save(house, LATER)).version == 2

        played(scene)


async def _start(house: House, name: str) -> str:
    return await house.host.start(StartRequest(await resolve(house.platform, "default", name)))
