"""Tax engines of others: the facts that are asked of them, and the protocol that they speak."""
