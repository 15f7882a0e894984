"""What agents are made of, for those who write runtimes, tools and models: words, and the seams between them."""

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.agent_json import agent_json, agent_of
from tenuto.sdk.agents.house import Agents
from tenuto.sdk.agents.messages import Answer, Ask, Message, ToolCall, ToolSchema, Usage
from tenuto.sdk.agents.model import Endpoint, Model, ModelError, ModelSpec
from tenuto.sdk.agents.runtime import Result, Runtime, Work
from tenuto.sdk.agents.tool import Effects, Tool, covers, wire_name

__all__ = [
    "Agent",
    "Agents",
    "Answer",
    "Ask",
    "Effects",
    "Endpoint",
    "Message",
    "Model",
    "ModelError",
    "ModelSpec",
    "Result",
    "Runtime",
    "Tool",
    "ToolCall",
    "ToolSchema",
    "Usage",
    "Work",
    "agent_json",
    "agent_of",
    "covers",
    "wire_name",
]
