"""Ports on disk, and in memory. Each adapter passes the conformance suite of its port and imports nothing but ports."""
