"""The approvals that wait: found without reading a journal, gone when they are answered, there again after a restart."""

from hosts.local.harness import opened
from service.test_stream import flow_of
from tenuto.ports.engine import StartRequest
from tenuto.service.inbox import Inbox, Wanted, waiting_json
from tenuto.service.runs import moment
from tenuto.stores.memory import MemoryJournal

ASK = """\
flow: ask
input: {who: string}
nodes:
  ok: {use: approval, with: {question: "Well, ${input.who}?", assignees: ["${input.who}"]}, timeout: 1h}
"""
MANY = """\
flow: many
nodes:
  each:
    use: map
    over: ${[1, 2, 3]}
    concurrency: 2
    nodes:
      ok: {use: approval, with: {question: "${index}"}}
    output: ${index}
"""
BESIDE = """\
flow: beside
nodes:
  ok: {use: approval, with: {question: "now?"}}
  long: {use: wait, with: {for: 1h}}
"""
LATER = """\
flow: later
nodes:
  go: {use: wait, with: {signal: go}}
  ok: {use: approval, after: [go], with: {question: "now?"}}
"""


def names(inbox: Inbox, **wanted: str) -> list[str]:
    found, _ = inbox.page(Wanted(**({"tenant": "default"} | wanted)))
    return [f"{each.entry.name}/{each.ask.name}" for each in found]


class TestInbox:
    async def test_what_waits_is_shown_until_it_is_answered(self):
        """With its question, who is asked and until when."""
        async with opened() as house:
            inbox = Inbox(house.host)
            run = await house.host.start(StartRequest(flow_of(ASK), {"who": "ada"}, name="one"))
            shown = waiting_json(inbox.page(Wanted("default"))[0][0])

            await house.host.signal(run, "ok", {"approved": True})

            assert (shown["question"], shown["assignees"], shown["path"]) == ("Well, ada?", ["ada"], "ok")
            assert shown["due"]
            assert names(inbox) == []

    async def test_filters_hold(self):
        """By assignee, flow, run; and never another tenant's."""
        async with opened() as house:
            inbox = Inbox(house.host)
            await house.host.start(StartRequest(flow_of(ASK), {"who": "ada"}, name="one"))
            await house.host.start(StartRequest(flow_of(ASK), {"who": "bob"}, name="two"))
            await house.host.start(StartRequest(flow_of(BESIDE), name="three"))
            await house.host.start(StartRequest(flow_of(ASK), {"who": "ada"}, name="theirs", tenant="other"))

            assert names(inbox) == ["one/ok", "two/ok", "three/ok"]
            assert names(inbox, assignee="ada") == ["one/ok"]
            assert names(inbox, flow="beside") == ["three/ok"]
            assert names(inbox, run="two") == ["two/ok"]
            assert names(inbox, tenant="other") == ["theirs/ok"]

    async def test_a_question_is_as_old_as_it_was_asked(self):
        """Not as its run; and so they are ordered, after a restart too."""
        journal = MemoryJournal()
        async with opened(journal) as house:
            inbox = Inbox(house.host)
            run = await house.host.start(StartRequest(flow_of(LATER), name="early"))
            await house.host.start(StartRequest(flow_of(BESIDE), name="late"))
            await house.host.signal(run, "go", None)
            before = [waiting_json(each) for each in inbox.page(Wanted("default"))[0]]
            said = next(fact.at for _, fact in await house.facts(run) if fact.type == "signal.received")
        async with opened(journal) as house:
            inbox = Inbox(house.host)
            async for _ in house.host.recover():
                pass
            after = [waiting_json(each) for each in inbox.page(Wanted("default"))[0]]

        assert [each["name"] for each in before] == ["late", "early"]
        assert before[1]["created_at"] == moment(said)
        assert after == before

    async def test_items_of_a_map_ask_one_by_one(self):
        """As many as are open; answered ones make room."""
        async with opened() as house:
            inbox = Inbox(house.host)
            run = await house.host.start(StartRequest(flow_of(MANY), name="m"))
            before = names(inbox)

            await house.host.signal(run, "each[0].ok", {"approved": True})

            assert before == ["m/each[0].ok", "m/each[1].ok"]
            assert names(inbox) == ["m/each[1].ok", "m/each[2].ok"]

    async def test_pages_follow_each_other(self):
        """What was asked first comes first, each once, also if one of the page before is gone."""
        async with opened() as house:
            inbox = Inbox(house.host)
            runs = [
                await house.host.start(StartRequest(flow_of(ASK), {"who": "ada"}, name=f"r{number}"))
                for number in range(5)
            ]
            first, cursor = inbox.page(Wanted("default"), limit=2)
            await house.host.signal(runs[1], "ok", {"approved": True})

            second, after = inbox.page(Wanted("default"), limit=3, cursor=cursor)

            assert [each.entry.name for each in (*first, *second)] == ["r0", "r1", "r2", "r3", "r4"]
            assert after is None

    async def test_a_cancelled_run_asks_nothing(self):
        """Its end takes all of its questions away."""
        async with opened() as house:
            inbox = Inbox(house.host)
            run = await house.host.start(StartRequest(flow_of(MANY)))

            await house.host.cancel(run)
            await house.host.outcome(run)

            assert names(inbox) == []

    async def test_after_a_restart_it_is_whole_again(self):
        """Whatever is taken over is looked at."""
        journal = MemoryJournal()
        async with opened(journal) as house:
            await house.host.start(StartRequest(flow_of(ASK), {"who": "ada"}, name="one"))
            await house.host.start(StartRequest(flow_of(MANY), name="m"))
        async with opened(journal) as house:
            inbox = Inbox(house.host)

            async for _ in house.host.recover():
                pass

            assert sorted(names(inbox)) == ["m/each[0].ok", "m/each[1].ok", "one/ok"]
