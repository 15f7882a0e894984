"""The heart: what a flow means, and what follows from what happened to a run. The standard library alone, no I/O."""
