"""Runtimes: who drives an agent from its task to its answer. Each folder is one; they do not know each other."""
