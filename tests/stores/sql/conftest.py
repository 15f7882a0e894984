"""As tests of hosts: a test may be `async def`."""

from hosts.conftest import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]
