"""Graphs as people write them, by the name `agents.langgraph.graphs:…`. `RAN` notes which of their nodes ran, in order."""

import operator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, cast

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

RAN: list[str] = []


class Report(TypedDict, total=False):
    topic: str
    parts: Annotated[list[str], operator.add]
    answers: Annotated[list[Any], operator.add]
    text: str


def plan(state: Report) -> Report:
    RAN.append("plan")
    return {"parts": [f"plan of {state.get('topic')}"]}


def fan(state: Report) -> list[Send]:
    del state
    return [Send("work", {"number": number}) for number in (1, 2, 3)]


async def work(state: dict[str, int]) -> Report:
    RAN.append(f"work {state['number']}")
    return {"parts": [f"part {state['number']}"]}


def check(state: Report) -> Report:
    RAN.append("check")
    answer = interrupt({"question": "Shall it go out?", "show": state.get("parts")})
    return {"answers": [answer]}


def write(state: Report) -> Report:
    RAN.append("write")
    return {"text": ", ".join(state.get("parts", []))}


def approved(state: Report) -> str:
    return "write" if state.get("answers", [{}])[-1].get("approved") else END


def _report() -> Any:
    """Parallel branches, an interrupt, a condition."""
    drawing: Any = StateGraph(Report)
    for node in (plan, work, check, write):
        drawing.add_node(node)
    drawing.add_edge(START, "plan")
    drawing.add_conditional_edges("plan", fan, ["work"])
    drawing.add_edge("work", "check")
    drawing.add_conditional_edges("check", approved, ["write", END])
    drawing.add_edge("write", END)
    return drawing


report = _report().compile()
uncompiled = _report()
breaks_before = _report().compile(interrupt_before=["work"])
breaks_after = _report().compile(interrupt_after=["plan"])
not_a_graph = {"plan": plan}


def ask_twice(state: Report) -> Report:
    RAN.append("ask_twice")
    first = interrupt("Your name?")
    return {"answers": [first, interrupt({"of": "age"}, response_schema={"type": "object"})]}


def ask_left(state: Report) -> Report:
    return {"answers": [interrupt("Left?")]}


def ask_right(state: Report) -> Report:
    return {"answers": [interrupt("Right?")]}


def _asking() -> Any:
    drawing: Any = StateGraph(Report)
    drawing.add_node(ask_twice)
    drawing.add_edge(START, "ask_twice")
    return drawing.compile()


def _asking_beside() -> Any:
    drawing: Any = StateGraph(Report)
    drawing.add_node(ask_left)
    drawing.add_node(ask_right)
    drawing.add_edge(START, "ask_left")
    drawing.add_edge(START, "ask_right")
    return drawing.compile()


asking = _asking()
asking_beside = _asking_beside()


def _nested() -> Any:
    """The report as a node of another graph, which goes on with what it wrote."""
    drawing: Any = StateGraph(Report)
    drawing.add_node("report", report)
    drawing.add_node("again", write)
    drawing.add_edge(START, "report")
    drawing.add_edge("report", "again")
    return drawing.compile()


def call_inside(state: Report) -> Report:
    """A plain function that invokes a graph by itself."""
    inner: Any = StateGraph(Report)
    inner.add_node(plan)
    inner.add_edge(START, "plan")
    return {"text": inner.compile().invoke({"topic": state.get("topic")})["parts"][0]}


async def call_blocking(state: Report) -> Report:
    return call_inside(state)


def _calling(node: Any) -> Any:
    drawing: Any = StateGraph(Report)
    drawing.add_node("call", node)
    drawing.add_edge(START, "call")
    return drawing.compile()


nested = _nested()
calling = _calling(call_inside)
calling_wrongly = _calling(call_blocking)


@dataclass
class Point:
    x: int
    y: int


class Odd(TypedDict, total=False):
    """What a state may hold besides JSON."""

    point: Point
    seen: Annotated[list[Any], operator.add]


def make_odd(state: Odd) -> Odd:
    return {"point": Point(1, 2)}


def see_odd(state: Odd) -> Odd:
    RAN.append("see_odd")
    return {"seen": [state.get("point", Point(0, 0)).x]}


def _odd() -> Any:
    drawing: Any = StateGraph(Odd)
    drawing.add_node(make_odd)
    drawing.add_node(see_odd)
    drawing.add_edge(START, "make_odd")
    drawing.add_edge("make_odd", "see_odd")
    return drawing.compile()


odd = _odd()


class Where(TypedDict):
    city: str


def configured(state: Report, config: RunnableConfig, runtime: Runtime[Where]) -> Report:
    from langchain_core.tracers.langchain import LangChainTracer
    from langsmith.utils import tracing_is_enabled

    get_stream_writer()({"half": "way"})
    given = cast("dict[str, Any]", config)
    handlers = given["callbacks"].handlers
    traced = tracing_is_enabled() or any(isinstance(each, LangChainTracer) for each in handlers)
    chosen = {key: given["configurable"].get(key) for key in ("stage", "color", "thread_id")}
    return {"answers": [{**chosen, **runtime.context, "traced": traced}]}


def _configured() -> Any:
    drawing: Any = StateGraph(Report, context_schema=Where)
    drawing.add_node(configured)
    drawing.add_edge(START, "configured")
    return drawing.compile()


reads_config = _configured()


def round_about(state: Report) -> Command[Any]:
    return Command(goto="round_about", update={"parts": ["x"]})


def _endless() -> Any:
    drawing: Any = StateGraph(Report)
    drawing.add_node(round_about)
    drawing.add_edge(START, "round_about")
    return drawing.compile()


endless = _endless()


def speak(state: MessagesState) -> dict[str, list[BaseMessage]]:
    return {"messages": [AIMessage(f"you said {state['messages'][-1].text}")]}


def _talking() -> Any:
    drawing: Any = StateGraph(MessagesState)
    for number in (1, 2, 3):
        drawing.add_node(f"speak_{number}", speak)
    drawing.add_edge(START, "speak_1")
    drawing.add_edge("speak_1", "speak_2")
    drawing.add_edge("speak_2", "speak_3")
    return drawing.compile()


talking = _talking()
