"""Shipped to users: what they test their nodes and flows with, and the suites that every adapter must pass."""

from tenuto.testing.driver import BadFlow, Driver, NodeView, Refused

__all__ = ["BadFlow", "Driver", "NodeView", "Refused"]
