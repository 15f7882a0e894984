"""Ours comes before LangGraph: it says how strictly checkpoints are read, which LangGraph looks at once."""

from tenuto.agents import langgraph

assert langgraph.PACKAGE
