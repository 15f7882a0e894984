"""The library of nodes: one folder per package, one file per node. Found through the entry points, like anybody's."""
