"""Every setting of Tenuto: one frozen object, built once, passed down, never read at import.

A setting is given, from strongest to weakest, as an argument (`--data`), as `TENUTO_<NAME>`, in `tenuto.toml`, or not at
all. Each field's `doc` is its line in the reference; a key that nobody knows is a problem, not a silence.
"""

from tenuto.settings.known import Settings
from tenuto.settings.loading import FILE, PREFIX, WrongSetting, load, table
from tenuto.settings.values import RATES, Hidden, PoolSetting

__all__ = ["FILE", "PREFIX", "RATES", "Hidden", "PoolSetting", "Settings", "WrongSetting", "load", "table"]
