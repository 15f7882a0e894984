"""R07: the clock of the machine is wrong, is put, stands still or has an hour twice, while a real server works by it."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.server_process import ServerProcess
from api.test_kills import FLOW, Load, Log, eager, fact_of, serving, under_way
from put_clock import PutClock, put_clock
from service.issuer import local_issuer, rsa_key
from service.receiver import Receiver, receiving
from tenuto.client import Client, Run
from tenuto.documents import load
from tenuto.testing.invariants import check

__all__ = ["eager", "put_clock"]

pytestmark = [pytest.mark.nightly, pytest.mark.serial]

HOUR, MONTH = 3_600.0, 30 * 86_400.0
STEPS = [HOUR, -HOUR, MONTH, -MONTH]
SOON = 180.0  # seconds for what follows by itself; the machine may be busy
TIMED = """\
flow: timed
nodes:
  short: {use: wait, with: {for: 1s}}
  long: {use: wait, with: {for: 30m}}
  end: {use: debug.echo, after: [short, long], with: {value: there}}
output: ${end}
"""
PATIENT = """\
flow: patient
nodes:
  quick: {use: debug.sleep, with: {seconds: 1.5}, timeout: 30s}
  slow: {use: debug.sleep, with: {seconds: 60}, timeout: 1s}
  late: {use: set, after: [slow.error], with: {value: "${slow.error.type}"}}
output: ${[quick, late]}
"""
PLAIN = "flow: plain\nnodes: {a: {use: debug.echo, with: {value: 1}}}\noutput: ${a}\n"
TICKING = """\
flow: ticking
triggers: [{cron: "CRON", timezone: Europe/Vienna}]
nodes: {a: {use: set, with: {value: "${trigger.time}"}}}
output: ${a}
"""
LOOPBACK = 'http_allow = ["127.0.0.1/32"]\n'
WINDOW = 20  # seconds
LIMITS = f'[limits]\nwrite = "4/{WINDOW}s"\n'


@dataclass
class House:
    server: ServerProcess
    client: Client
    asker: httpx2.AsyncClient
    receiver: Receiver
    clock: PutClock

    async def listens(self) -> None:
        hook = {"url": self.receiver.url, "types": ["run.succeeded"]}
        assert (await self.asker.post("/v1/webhooks", json=hook)).status_code == 201

    async def ticks(self, line: str = "* * * * * *") -> None:
        await self.client.flows.save(TICKING.replace("CRON", line))
        await self.client.flows.publish("ticking", "dev")

    async def ticked(self) -> set[float]:
        """The times of all ticks there were."""
        page = await self.client.runs.list(flow="ticking", limit=500)
        runs = [await self.client.runs.wait(run.id) for run in page.items]
        times = [datetime.fromisoformat(str(run.output)).timestamp() for run in runs]
        assert len(times) == len(set(times))
        return set(times)

    async def goes_on_ticking(self) -> None:
        before = await self._runs_of_ticks()

        async def more() -> bool:
            return len(await self._runs_of_ticks() - before) >= 2

        await until(more)

    async def _runs_of_ticks(self) -> set[str]:
        return {run.id for run in (await self.client.runs.list(flow="ticking", limit=500)).items}

    async def tells(self, runs: Iterable[str]) -> None:
        """The receiver is told of the end of each of them, under one id."""
        wanted = set(runs)

        async def told() -> bool:
            return wanted <= {each.event["correlationId"] for each in self.receiver.came}

        await until(told)
        ids = {(each.event["eventId"], each.id) for each in self.receiver.came}
        assert len(ids) == len({event for event, _ in ids})

    async def waits(self, runs: Iterable[str]) -> bool:
        """Each of them has ended, or waits for a time."""
        going = [run for run in [*runs] if not (await self.client.runs.get(run)).ended]
        last = [[event async for event in self.client.runs.events(run)][-1] for run in going]
        return all(event.last or event.type == "timer.set" for event in last)

    async def fired(self, run: str) -> list[str]:
        """Whose timers fired."""
        recorded = [event async for event in self.client.runs.events(run)]
        return [event.data["path"] for event in recorded if event.type == "timer.fired"]

    async def are_sound(self, runs: Iterable[str], flow: str) -> None:
        """The invariants hold: no timer fired before its time (P7), no token of an owner came again (P5)."""
        known = load(flow).flow
        assert known is not None
        facts: dict[str, Any] = {}
        for run in runs:
            facts[run] = [(event.seq, fact_of(event)) async for event in self.client.runs.events(run)]
        assert check(facts, flows=dict.fromkeys(facts, known)) == []


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = SOON) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  what is waited for happens in another process
            await asyncio.sleep(0.1)


@asynccontextmanager
async def opened(folder: Path, clock: PutClock, settings: str = LOOPBACK) -> AsyncGenerator[House]:
    (folder / "tenuto.toml").write_text(settings)
    async with receiving() as receiver, serving(folder / "data", **clock.environment) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        async with (
            Client(server.url, server.token, attempts=10_000, timeout=60) as client,
            httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as asker,
        ):
            yield House(server, client, asker, receiver, clock)


def oidc(url: str) -> str:
    return f'[oidc.corp]\nissuer = "{url}"\naudience = "tenuto"\ntenant = "default"\ndefault_roles = ["viewer"]\n'


async def ended(client: Client, run: str) -> Run:
    return await asyncio.wait_for(client.runs.wait(run), SOON)


async def worked(house: House, log: Log, seconds: float) -> None:
    """Clients that start runs, follow them and answer them, for so long; all of these end."""
    work = Load(house.client, log, random.Random(log.file.name))
    working = [asyncio.ensure_future(work.work()) for _ in range(3)]
    await under_way(log, 10, working)
    await asyncio.sleep(seconds)
    work.stop.set()
    await asyncio.wait_for(asyncio.gather(*working), SOON)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_while_runs_go_on(tmp_path: Path, put_clock: PutClock, step: float):
    """Timeouts count what passes; what is begun by the wrong clock ends, is told and ticks by it; and when the clock is
    right again, all that it left waiting goes on."""
    async with opened(tmp_path, put_clock) as house:
        for flow in (FLOW, TIMED, PATIENT):
            await house.client.flows.save(flow)
        await house.listens()
        await house.ticks()
        before, under = Log(tmp_path / "before.log"), Log(tmp_path / "under.log")
        work = Load(house.client, before, random.Random(6))
        working = [asyncio.ensure_future(work.work()) for _ in range(3)]
        await under_way(before, 30, working)
        patient = (await house.client.runs.start("patient")).id
        timed = (await house.client.runs.start("timed", idempotency_key="one")).id
        await asyncio.sleep(0.2)

        house.clock.put(step)
        assert (await ended(house.client, patient)).output == [1.5, "timeout"]
        assert (await house.client.runs.start("timed", idempotency_key="one")).id == timed or step == MONTH
        await worked(house, under, 1)
        await house.tells(under.starts.values())
        await house.goes_on_ticking()
        fired = await house.fired(timed)
        work.stop.set()
        await until(lambda: house.waits(before.starts.values()))
        await house.tells([run for run in [*before.starts.values()] if (await house.client.runs.get(run)).ended])

        house.clock.put(0)
        await asyncio.wait_for(asyncio.gather(*working), SOON)
        await house.goes_on_ticking()
        await house.tells(before.starts.values())
        await house.are_sound([*before.starts.values(), *under.starts.values()], FLOW)
        await house.are_sound([timed], TIMED)

    assert sorted(fired) == (["long", "short"] if step > 0 else [])


@pytest.mark.parametrize("step", STEPS)
async def test_a_start_by_a_wrong_clock_and_one_by_the_right_one(tmp_path: Path, put_clock: PutClock, step: float):
    """Times that have passed by it fire within seconds, others wait; nobody else gets in (R28); events, schedules and
    webhooks go on, also when the next start is by the right clock."""
    async with opened(tmp_path, put_clock) as house:
        for flow in (FLOW, TIMED):
            await house.client.flows.save(flow)
        await house.listens()
        await house.ticks()
        await house.goes_on_ticking()
        timed = [(await house.client.runs.start("timed")).id for _ in range(5)]
        logs = [Log(tmp_path / f"{number}.log") for number in range(2)]
        for ahead, log in zip((step, 0.0), logs, strict=True):
            house.server.kill()
            house.clock.put(ahead)
            await house.server.start()
            begun = time.monotonic()
            if step > 0:
                assert [(await ended(house.client, run)).output for run in timed] == ["there"] * 5
                assert time.monotonic() - begun < 10
            assert _refused(house)
            await worked(house, log, 1)
            await house.tells(log.starts.values())
            await house.goes_on_ticking()
            await house.are_sound(log.starts.values(), FLOW)
        await house.are_sound(timed, TIMED)
        short = [await house.fired(run) for run in timed]

    assert all("short" in fired for fired in short)
    assert all(("long" in fired) == (step > 0) for fired in short)


def _refused(house: House) -> bool:
    """A second server on the same directory, whose clock is far ahead of the first one's."""
    command = [sys.executable, "-m", "tenuto.cli", "up", "--port", "0", "--data", str(house.server.data)]
    environment = {**house.clock.environment, "FAKETIME_TIMESTAMP_FILE": "", "FAKETIME": "+60d"}
    refused = subprocess.run(command, env=environment, cwd=house.server.data.parent, capture_output=True, timeout=60)
    return refused.returncode != 0


async def test_a_webhook_that_failed_by_a_wrong_clock_is_tried_again(tmp_path: Path, put_clock: PutClock):
    """P15: it does not wait until the clock has come as far as it once was."""
    put_clock.put(MONTH)
    async with opened(tmp_path, put_clock) as house:
        await house.client.flows.save(PLAIN)
        await house.listens()
        house.receiver.always = (500, {}, b"")
        run = (await house.client.runs.start("plain", wait=10)).id
        await house.tells([run])
        house.clock.put(0)
        house.receiver.always = (204, {}, b"")
        house.receiver.came.clear()

        await house.tells([run])


async def test_a_clock_that_stands_still(tmp_path: Path, put_clock: PutClock):
    """Whatever needs no time goes on, timeouts too; what waits for a time waits until the clock goes on."""
    async with opened(tmp_path, put_clock, LOOPBACK + LIMITS) as house:
        for flow in (TIMED, PATIENT):
            await house.client.flows.save(flow)
        house.clock.stand_still()
        patient = (await house.client.runs.start("patient")).id
        timed = (await house.client.runs.start("timed")).id
        assert (await ended(house.client, patient)).output == [1.5, "timeout"]
        await asyncio.sleep(2)
        assert await house.fired(timed) == []
        await _is_held_up_and_let_in(house)

        house.clock.put(0)
        await until(lambda: _fired(house, timed))
        await house.are_sound([timed], TIMED)
        assert await asyncio.to_thread(house.server.stop) == 0


async def _fired(house: House, run: str) -> bool:
    return await house.fired(run) == ["short"]


@pytest.mark.parametrize("step", [HOUR, -MONTH])
async def test_limits_count_what_passes(tmp_path: Path, put_clock: PutClock, step: float):
    """Whoever asked too often waits as long as he would have, whatever becomes of the clock; and no longer."""
    async with opened(tmp_path, put_clock, LOOPBACK + LIMITS) as house:
        assert 429 in [(await _write(house)).status_code for _ in range(5)]

        house.clock.put(step)
        refused = await _write(house)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) <= WINDOW
        await _is_held_up_and_let_in(house)


async def _is_held_up_and_let_in(house: House) -> None:
    await asyncio.sleep(WINDOW + 0.1)
    assert [(await _write(house)).status_code for _ in range(5)] == [404, 404, 404, 404, 429]
    await asyncio.sleep(WINDOW + 0.1)
    assert (await _write(house)).status_code == 404


async def _write(house: House) -> httpx2.Response:
    """It changes nothing, and counts."""
    return await house.asker.post("/v1/schedules/none/pause")


@pytest.mark.parametrize("step", [-HOUR, -MONTH])
async def test_who_failed_to_log_in_does_not_wait_for_the_clock(tmp_path: Path, put_clock: PutClock, step: float):
    """After ten failures one waits for seconds, and not for a month because the clock was put back by one."""
    async with opened(tmp_path, put_clock) as house:
        while (waits := await _waits(house)) <= 8:  # noqa: ASYNC110  it is twice as long each time
            await asyncio.sleep(waits)

        house.clock.put(step)
        assert 0 < await _waits(house) <= waits
        await asyncio.sleep(waits)
        assert (await _login(house)).status_code == 401


async def _waits(house: House) -> int:
    """Seconds that whoever fails once more is told to wait; 0: none."""
    return int((await _login(house)).headers.get("Retry-After", 0))


async def _login(house: House) -> httpx2.Response:
    return await house.asker.post("/auth/login", json={"login": "ada", "password": "no such word"})


@pytest.mark.parametrize(("ahead", "taken"), [(0, True), (-50, True), (-75, False), (50, True), (700, False)])
async def test_the_tokens_of_an_issuer_may_be_a_minute_away(
    tmp_path: Path, put_clock: PutClock, ahead: float, taken: bool
):
    """A token that begins now and holds for ten minutes, read by a clock that differs."""
    put_clock.put(ahead)
    async with local_issuer() as issuer, opened(tmp_path, put_clock, LOOPBACK + oidc(issuer.url)) as house:
        now = int(time.time())
        token = issuer.token({"iss": issuer.url, "aud": "tenuto", "sub": "ada", "iat": now, "exp": now + 600})

        answer = await house.asker.get("/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == (200 if taken else 401)


async def test_the_keys_of_an_issuer_are_read_again_though_the_clock_was_put_back(tmp_path: Path, put_clock: PutClock):
    """At most once a minute, by the time that passes: a new key of the issuer is known after a minute, not after a month."""
    put_clock.put(MONTH)
    async with local_issuer() as issuer, opened(tmp_path, put_clock, LOOPBACK + oidc(issuer.url)) as house:

        async def answer(ahead: float, key: str) -> int:
            now = int(time.time() + ahead)
            claims = {"iss": issuer.url, "aud": "tenuto", "sub": "ada", "iat": now, "exp": now + 600}
            token = issuer.token(claims, rsa_key(key))
            return (await house.asker.get("/me", headers={"Authorization": f"Bearer {token}"})).status_code

        assert await answer(MONTH, "one") == 200
        house.clock.put(0)
        issuer.published = [rsa_key("two").as_dict(private=False)]
        await asyncio.sleep(61)

        assert await answer(0, "two") == 200


# In Vienna the clock goes from 02:00 to 03:00 at 01:00 UTC in spring, and from 03:00 to 02:00 at 01:00 UTC in autumn.
@pytest.mark.parametrize(
    ("line", "shown", "wanted"),
    [
        pytest.param("30 2 * * *", "2026-03-29T00:59:57Z", "2026-03-29T01:00:00Z", id="skipped-so-right-after"),
        pytest.param("30 2 * * *", "2026-10-25T00:29:57Z", "2026-10-25T00:30:00Z", id="twice-so-the-first-time"),
        pytest.param("0 3 * * *", "2026-10-25T01:59:57Z", "2026-10-25T02:00:00Z", id="after-the-hour-that-is-twice"),
    ],
)
async def test_a_schedule_in_the_night_when_the_clocks_change(
    tmp_path: Path, put_clock: PutClock, line: str, shown: str, wanted: str
):
    """It ticks once, and not again an hour later."""
    begin, tick = (datetime.fromisoformat(each).timestamp() for each in (shown, wanted))
    put_clock.show(begin - 60)
    async with opened(tmp_path, put_clock) as house:
        await house.ticks(line)
        assert await house.ticked() == set()
        house.clock.show(begin)
        await until(lambda: _ticked(house, {tick}))
        house.clock.show(tick + HOUR - 2)
        await asyncio.sleep(8)

        assert await house.ticked() == {tick}


async def _ticked(house: House, times: set[float]) -> bool:
    return await house.ticked() == times
