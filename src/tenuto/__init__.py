"""Tenuto: durable agent workflows. Importing this costs the standard library alone."""

__version__ = "0.1.0"
