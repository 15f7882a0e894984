"""Use cases: functions over the ports. One file per noun; no clock of their own, no adapter, nothing printed."""
