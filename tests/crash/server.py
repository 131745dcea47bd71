"""A server process to be killed: `python -m tests.crash.server`, told by INVX_HOME and INVX_PORT.

It is what `invx up` is, with three changes: claims and leases run out within seconds, so that a
test need not wait a minute for the work of the dead; it makes no demo tenant; it prints nothing.
PostgreSQL runs as it does for everybody, with fsync.
"""

import asyncio
import contextlib
import sys

from invx.kernel import limits

limits.CLAIM_SECONDS = 6
limits.LEASE_SECONDS = 3


async def main() -> None:
    """Until somebody says stop, or kills it."""
    # Imported after the limits were set: a default argument is fixed when its module is read.
    import uvicorn

    from invx.host import build_host, create_app
    from invx.infra.observability import configure_observability
    from invx.place import ensure_key, prepare_database, running_place
    from invx.settings import read_settings

    settings = read_settings()
    place_context = running_place(settings, lambda text: print(text, file=sys.stderr))
    place = await asyncio.to_thread(place_context.__enter__)
    try:
        await prepare_database(place)
        with contextlib.suppress(FileExistsError):
            ensure_key(settings.place)
        configure_observability(settings.observability)
        host = await build_host(place.where, settings)
        app = await create_app(host, settings)
        config = uvicorn.Config(
            app, settings.serve.host, settings.serve.port, log_config=None, access_log=False
        )
        await uvicorn.Server(config).serve()
    finally:
        await asyncio.to_thread(place_context.__exit__, None, None, None)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
