"""How the ports of analytics are met."""
