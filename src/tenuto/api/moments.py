"""How the API tells a time."""

from typing import Annotated

from pydantic import Field

Moment = Annotated[str, Field(examples=["2026-01-31T12:00:00.000Z"], description="RFC 3339, in UTC.")]
