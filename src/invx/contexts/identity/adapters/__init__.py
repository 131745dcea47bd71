"""How the ports of identity are met."""
