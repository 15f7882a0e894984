"""A person's agent stands in a module, one for the whole process. What a run changes in it is the run's own."""
# Strands has no copy of its own, so this one knows what stands in an agent.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

import copy
import threading
from typing import Any, Final, cast

from strands import Agent
from strands.agent._concurrency import _ConcurrencyController
from strands.agent.state import AgentState
from strands.event_loop._retry import ModelRetryStrategy
from strands.handlers.callback_handler import PrintingCallbackHandler, null_callback_handler
from strands.interrupt import _InterruptState
from strands.models import Model
from strands.telemetry.metrics import EventLoopMetrics
from strands.tools._caller import _ToolCaller
from strands.tools.executors._executor import ToolExecutor
from strands.types.agent import ConcurrentInvocationMode

_NO_RETRIES: Final = 1


def of_this_run(own: Agent, model: Model, executor: ToolExecutor) -> Agent:
    """The same agent with this model: its tools, hooks and prompt, and the conversation that it was made with."""
    mine: Any = copy.copy(own)
    mine.messages = copy.deepcopy(own.messages)
    mine.state = AgentState(cast("dict[str, Any]", own.state.get()))
    mine.conversation_manager = copy.copy(own.conversation_manager)
    mine.tool_registry = _registry(own)
    mine.tool_caller = _ToolCaller(mine)
    mine.event_loop_metrics = EventLoopMetrics()
    if isinstance(own.callback_handler, PrintingCallbackHandler):  # the default one
        mine.callback_handler = null_callback_handler
    mine._interrupt_state = _InterruptState()
    mine._concurrency = _ConcurrencyController(ConcurrentInvocationMode.THROW)
    mine._cancel_signal = threading.Event()
    mine._model_state = {}
    mine._retry_strategy = ModelRetryStrategy(max_attempts=_NO_RETRIES)
    mine.model = model
    mine.tool_executor = executor
    return cast("Agent", mine)


def _registry(own: Agent) -> Any:
    """The same tools. What they hold open is closed with the person's agent, not with this one."""
    mine = copy.copy(own.tool_registry)
    mine.registry = dict(own.tool_registry.registry)
    mine.dynamic_tools = dict(own.tool_registry.dynamic_tools)
    mine._tool_providers = []
    return mine
