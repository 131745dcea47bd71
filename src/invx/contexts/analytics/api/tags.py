"""What the group of routes is about; the OpenAPI document shows it."""

TAGS = ({"name": "Analytics", "description": "Figures over many documents, seconds behind them."},)
