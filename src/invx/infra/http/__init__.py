"""The HTTP edge. FastAPI's and Starlette's types stop here and in each context's `api/`."""
