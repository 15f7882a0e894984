"""Asking a model durably, for every runtime: each question is a step (`model:N`), so that no answer is paid twice.

Endpoints are tried in order; what was spent counts for the agent and its callers; an answer that must fit a schema is asked
for once more where it does not.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from tenuto.sdk.agents.chain import Chain
from tenuto.sdk.agents.compacting import Compaction, explained
from tenuto.sdk.agents.messages import Answer, Ask, Message, ToolCall
from tenuto.sdk.agents.model import Endpoint, Model, ModelError, Tell
from tenuto.sdk.agents.standing import Standing
from tenuto.sdk.agents.structured import fitted

_A_MOMENT: Final = 0.001  # seconds: then the node is due again, and held by the run itself


def ours(endpoint: Endpoint) -> Model:
    return endpoint.model


class Asker:
    """Of one agent at work. `expect`: is told of the calls that an answer asks for, in the order of the model.

    `wired`: who asks at an endpoint. A framework's own class speaks there where a runtime brings one. `endpoints`: where to
    ask, if not where the agent's file says. `compacts`: long conversations are summed up here.
    """

    def __init__(
        self,
        standing: Standing,
        expect: Callable[[Sequence[ToolCall]], None],
        *,
        wired: Callable[[Endpoint], Model] = ours,
        endpoints: Sequence[Endpoint] | None = None,
        compacts: bool = False,
    ) -> None:
        self._standing = standing
        self._expect = expect
        self._wired = wired
        self._ctx = standing.ctx
        self._chain = Chain()
        self._asked = 0
        self._holds = 0
        self._endpoints = None if endpoints is None else list(endpoints)
        self._compaction = Compaction(standing.agent, self._sum_up) if compacts else None

    async def ask(self, ask: Ask, tell: Tell | None = None) -> Answer:
        """One answer, with `data` where `output` was asked for. Its text is streamed as it comes; `tell` is given it too.

        `ModelError` if no endpoint answers. Waits for a person where the budget or the turns are used up.
        """

        async def once(question: Ask) -> Answer:
            return await self._step(question, tell)

        if self._compaction is not None:
            ask = {**ask, "messages": await self._compaction.of(ask["messages"])}
        answer = await fitted({"agent": self._standing.agent.name, **ask}, once)
        self._expect(answer["tool_calls"])
        return answer

    async def _sum_up(self, ask: Ask) -> Answer:
        return await self._step({"agent": self._standing.agent.name, **ask}, None, aloud=False)

    async def _step(self, ask: Ask, tell: Tell | None, *, aloud: bool = True) -> Answer:
        """`aloud`: what it says is streamed."""
        self._asked += 1
        key = f"model:{self._asked}"
        ledger = self._standing.ledger
        if not self._ctx.recorded(key):
            await self._while_held()
            await ledger.allow()
        said = self._chain.of(ask["messages"], ask.get("output"))

        async def call(_: str) -> Answer:
            return await self._answer(ask, tell, key, aloud=aloud)

        answer = await self._ctx.step(key, call, said)
        ledger.turn()
        if not ledger.spend(answer["usage"]):
            self._ctx.log(f"no price is known for {answer['model']}: the budget in dollars does not see it")
        return answer

    async def _while_held(self) -> None:
        """A run whose budget is used up, or that is paused, begins nothing new: not a question of an agent at work either."""
        while self._ctx.held:
            self._holds += 1
            await self._ctx.suspend(f"held:{self._holds}", timeout=_A_MOMENT)

    async def _answer(self, ask: Ask, tell: Tell | None, key: str, *, aloud: bool) -> Answer:
        question = await self._with_images(ask)
        failed: ModelError | None = None
        for endpoint in await self._reach():
            if failed is not None:
                name, why = endpoint.spec.name, failed.message
                self._ctx.log(f"{name} is asked instead: {why}", model=name, why=why)
            try:
                return await self._ask_at(endpoint, question, tell, key, aloud=aloud)
            except ModelError as error:
                failed = error
        if failed is None:
            raise ModelError(f"{self._standing.agent.name} names no model", retry=False)
        raise explained(failed)

    async def _ask_at(self, endpoint: Endpoint, ask: Ask, tell: Tell | None, key: str, *, aloud: bool) -> Answer:
        told = False

        def hear(piece: str) -> None:
            nonlocal told
            if not aloud:
                return
            told = True
            self._ctx.stream({"text": piece})
            if tell is not None:
                tell(piece)

        async def call() -> Answer:
            nonlocal told
            if told:  # it broke off in the middle: who watches begins anew
                self._ctx.stream({"text": "", "again": True})
                told = False
            return await self._wired(endpoint).answer(ask, hear, key=f"{self._ctx.idempotency_key}/{key}")

        try:
            answer = await endpoint.guarded(call)
        except ModelError:
            if told:
                self._ctx.stream({"text": "", "again": True})
            raise
        return {**answer, "usage": endpoint.priced(answer["usage"])}

    async def _reach(self) -> list[Endpoint]:
        if self._endpoints is None:
            self._endpoints = await self._ctx.agents.endpoints(self._standing.agent.model)
        return self._endpoints

    async def _with_images(self, ask: Ask) -> Ask:
        """Files of the run as what they hold: a model knows nothing of our files."""
        if all(isinstance(message["content"], str) for message in ask["messages"]):
            return ask
        return {**ask, "messages": [await self._inflated(message) for message in ask["messages"]]}

    async def _inflated(self, message: Message) -> Message:
        content = message["content"]
        if isinstance(content, str):
            return message
        parts = cast("list[dict[str, Any]]", content)
        return cast("Message", {**message, "content": [await self._part(part) for part in parts]})

    async def _part(self, part: dict[str, Any]) -> dict[str, Any]:
        image = part.get("image")
        if not isinstance(image, dict):
            return part
        file = cast("dict[str, Any]", image)
        encoded = base64.b64encode(await self._ctx.files.get(file)).decode()
        return {**part, "image": f"data:{file.get('media_type', 'image/png')};base64,{encoded}"}
