"""A tenant as a whole: how large it is, carried away, brought in, erased (docs/adr/0025)."""
