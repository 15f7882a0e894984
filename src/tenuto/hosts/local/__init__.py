"""One process, one loop, one journal: the host that runs on a laptop."""
