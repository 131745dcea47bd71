"""How the ports of invoicing are met."""
