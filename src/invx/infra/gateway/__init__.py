"""The gateway before split contexts: routes and one document, both made from the routers."""
