"""Fixtures that several parts share. Each starts nothing until a test asks for it."""

from postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
