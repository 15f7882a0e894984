"""`durable(model)`, `durable(tool)`: the same, each of whose calls is a step of the run that it is made in.

A step's key names the task of the graph and counts its calls, so that a graph with parallel branches finds each answer again;
its hash is of what was asked. Outside of a run both are what they wrap.
"""

import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, message_chunk_to_message
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding, RunnableConfig
from langchain_core.tools import BaseTool

from tenuto.agents.langgraph.seat import SEAT
from tenuto.agents.langgraph.translate import usage_of
from tenuto.agents.langgraph.values import Readable

Effects = Literal["idempotent", "once"]
_READABLE = Readable()


def wrapped(inner: Any, effects: str) -> Any:
    """A chat model (also one with tools bound to it) or a tool, whose calls are steps."""
    if effects not in {"idempotent", "once"}:
        raise ValueError(f'`effects` is "{effects}", it must be "idempotent" or "once"')
    chosen = cast("Effects", effects)
    if isinstance(inner, RunnableBinding):
        binding = cast("RunnableBinding[Any, Any]", inner)
        return binding.model_copy(update={"bound": wrapped(binding.bound, effects)})
    if isinstance(inner, BaseChatModel):
        return DurableModel(inner=inner, effects=chosen)
    if isinstance(inner, BaseTool):
        return _durable_tool(inner, chosen)
    raise TypeError(f"`durable` takes a chat model or a tool, not a {type(inner).__name__}")


class DurableModel(BaseChatModel):
    """Its answers come from `inner`, once."""

    inner: BaseChatModel
    effects: Effects = "idempotent"

    @property
    def _llm_type(self) -> str:
        return "tenuto-durable"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        """As `inner` says them on its wire."""
        bound = cast("RunnableBinding[Any, Any]", self.inner.bind_tools(tools, **kwargs))
        return self.bind(**bound.kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        async def ask() -> ChatResult:
            return await self.inner._agenerate_with_cache(messages, stop, run_manager, **kwargs)  # noqa: SLF001  streams

        seat = SEAT.get()
        if seat is None:
            return await ask()
        about = _fingerprint([_asked(each) for each in messages], stop, kwargs)
        recorded, replayed = await seat.step("model", lambda: _recorded(ask), about, effects=self.effects)
        message = cast("AIMessage", _READABLE.decoded(recorded["message"]))
        if replayed and message.id:
            seat.replayed.add(message.id)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        seat = SEAT.get()
        if seat is None:
            return self.inner._generate_with_cache(messages, stop, run_manager, **kwargs)  # noqa: SLF001  streams
        return seat.wait_for(self._agenerate(messages, stop, _awaitable(run_manager), **kwargs))


def _awaitable(manager: CallbackManagerForLLMRun | None) -> AsyncCallbackManagerForLLMRun | None:
    """The same run, for who awaits what it is told."""
    if manager is None:
        return None
    return AsyncCallbackManagerForLLMRun(
        run_id=manager.run_id,
        handlers=manager.handlers,
        inheritable_handlers=manager.inheritable_handlers,
        parent_run_id=manager.parent_run_id,
        tags=manager.tags,
        metadata=manager.metadata,
    )


async def _recorded(ask: Callable[[], Awaitable[ChatResult]]) -> dict[str, Any]:
    """The message as it came, and beside it what people and budgets read."""
    message = cast("AIMessage", message_chunk_to_message((await ask()).generations[0].message))
    return {"text": str(message.text), "usage": usage_of(message), "message": _READABLE.encoded(message)}


def _durable_tool(inner: BaseTool, effects: Effects) -> BaseTool:
    """Named, described and called as `inner`. A field of its own would be taken for an argument, so `inner` is closed over."""

    class DurableTool(BaseTool):
        async def _arun(self, *args: Any, config: RunnableConfig, run_manager: Any = None, **kwargs: Any) -> Any:
            async def call() -> Any:
                extra = {"config": config, "run_manager": run_manager}
                wanted = inspect.signature(inner._arun).parameters  # noqa: SLF001  `ainvoke` would read the arguments again
                taken = {name: value for name, value in extra.items() if name in wanted}
                return await inner._arun(*args, **kwargs, **taken)  # noqa: SLF001  as above

            seat = SEAT.get()
            if seat is None:
                return await call()

            async def record() -> Any:
                return {"answer": _READABLE.encoded(await call())}

            recorded, _ = await seat.step(f"tool:{inner.name}", record, _fingerprint(args, kwargs), effects=effects)
            return _READABLE.decoded(recorded["answer"])

        def _run(self, *args: Any, config: RunnableConfig, run_manager: Any = None, **kwargs: Any) -> Any:
            seat = SEAT.get()
            if seat is not None:
                return seat.wait_for(self._arun(*args, config=config, run_manager=run_manager, **kwargs))
            extra = {"config": config, "run_manager": run_manager}
            wanted = inspect.signature(inner._run).parameters  # noqa: SLF001  as above
            return inner._run(*args, **kwargs, **{name: extra[name] for name in extra if name in wanted})  # noqa: SLF001

    return DurableTool(
        name=inner.name,
        description=inner.description,
        args_schema=inner.args_schema or inner.get_input_schema(),
        return_direct=inner.return_direct,
        response_format=inner.response_format,
        handle_tool_error=inner.handle_tool_error,
        handle_validation_error=inner.handle_validation_error,
    )


def _asked(message: BaseMessage) -> Any:
    """Without ids, which are rolled anew for what a node says itself."""
    calls = [(call["name"], call["args"]) for call in message.tool_calls] if isinstance(message, AIMessage) else []
    return [message.type, cast("Any", message.content), calls]


def _fingerprint(*asked: Any) -> str:
    text = json.dumps(
        asked, sort_keys=True, default=lambda value: getattr(value, "__qualname__", type(value).__qualname__)
    )
    return hashlib.sha256(text.encode()).hexdigest()
