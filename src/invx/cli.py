"""The command line: everything that an operator or a developer does with an installation."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid5

import typer
import uvicorn
from rich.console import Console

from invx import __version__
from invx.host import CONTEXTS, Host, build_host, create_app
from invx.infra.observability import configure_observability
from invx.infra.postgres import Pools
from invx.kernel.errors import DomainError
from invx.kernel.ids import parse_typeid, typeid
from invx.place import (
    Place,
    create_tenant,
    development_token,
    ensure_key,
    prepare_database,
    running_place,
)
from invx.settings import Settings, read_settings

T = TypeVar("T")

TENANT = "tnt"
DEMO_TENANT = uuid5(UUID(int=0), "invx demo tenant")
_DAY = timedelta(hours=12)

console = Console(stderr=True, highlight=False)
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
tenants = typer.Typer(no_args_is_help=True, help="Tenants of this installation.")
app.add_typer(tenants, name="tenant")


def main() -> None:
    """Entry point: a refusal is a sentence and exit code 1, not a stack."""
    try:
        app()
    except DomainError as error:
        console.print(f"[red]{error.detail}[/red]")
        sys.exit(1)


@app.command()
def up() -> None:
    """Start everything on this machine, and print where it is and how to begin."""
    settings = _for_one_process(read_settings())
    with contextlib.suppress(KeyboardInterrupt):
        _run(_up(settings))


def _for_one_process(settings: Settings) -> Settings:
    """Without identity there is nobody to renew a token, so those of this process live for a day."""
    lifetime = max(settings.auth.token_lifetime_seconds_max, int(_DAY.total_seconds()))
    return replace(settings, auth=replace(settings.auth, token_lifetime_seconds_max=lifetime))


async def _up(settings: Settings) -> None:
    began = time.monotonic()
    with console.status("Starting PostgreSQL …") as status:
        place_context = running_place(settings, lambda text: console.print(f"PostgreSQL: {text}"))
        place = await asyncio.to_thread(place_context.__enter__)
        try:
            status.update("Migrating …")
            await prepare_database(place, lambda text: status.update(f"Migrating: {text}"))
            ensure_key(settings.place)
            host = await _host(place, settings)
            await create_tenant(host.pools, DEMO_TENANT, name="Demo", mode="test")
        except BaseException:
            await asyncio.to_thread(place_context.__exit__, None, None, None)
            raise
    try:
        await _serve(host, settings, lambda: _welcome(settings, time.monotonic() - began))
    finally:
        await host.stop()
        await asyncio.to_thread(place_context.__exit__, None, None, None)


async def _host(place: Place, settings: Settings, names: tuple[str, ...] = CONTEXTS) -> Host:
    configure_observability(settings.observability)
    return await build_host(place.where, settings, names)


async def _serve(host: Host, settings: Settings, ready: Any) -> None:
    """Serve until a signal says stop; uvicorn drains what is under way."""
    application = await create_app(host, settings)
    config = uvicorn.Config(
        application,
        host=settings.serve.host,
        port=settings.serve.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    pid_file = settings.place.home / "pid"
    settings.place.home.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(str(os.getpid()))
    announcing = asyncio.create_task(_announce(server, ready))
    try:
        await server.serve()
    finally:
        announcing.cancel()
        pid_file.unlink(missing_ok=True)
    if not server.started:
        raise typer.Exit(1)


async def _announce(server: uvicorn.Server, ready: Any) -> None:
    while not server.started:
        await asyncio.sleep(0.02)
    ready()


def _welcome(settings: Settings, seconds: float) -> None:
    url = f"http://{settings.serve.host}:{settings.serve.port}"
    token = development_token(settings.place, DEMO_TENANT, subject="user:demo", lifetime=_DAY)
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"\n[bold]Invx {__version__}[/bold] is up after {seconds:.1f} s.\n")
    out.print(f"  URL     {url}   (try the API: {url}/docs)")
    out.print(f"  tenant  {typeid(TENANT, DEMO_TENANT)} (a sandbox; documents are marked TEST)")
    out.print(f"  token   {token}\n")
    out.print("Try it:\n")
    out.print(f'  curl -s {url}/v1/invoices -H "Authorization: Bearer {token}"\n')
    out.print("Next: `make demo` in another terminal re-enters official invoices and writes PDFs.")
    out.print("Ctrl-C stops everything; the data stay in " + str(settings.place.home) + "/.")


@app.command()
def serve(
    contexts: Annotated[str, typer.Option(help="Names, separated by commas.")] = ",".join(CONTEXTS),
) -> None:
    """Serve contexts from a database that is there already (see INVX_DATABASE_APP)."""
    settings = read_settings()
    names = tuple(contexts.split(","))
    if unknown := set(names) - set(CONTEXTS):
        raise typer.BadParameter(f"unknown contexts: {', '.join(sorted(unknown))}")

    async def run() -> None:
        with running_place(settings, console.print) as place:
            host = await _host(place, settings, names)
            where = f"{settings.serve.host}:{settings.serve.port}"
            try:
                await _serve(host, settings, lambda: console.print(f"Serving {contexts} on {where}"))
            finally:
                await host.stop()

    with contextlib.suppress(KeyboardInterrupt):
        _run(run())


@app.command()
def stop() -> None:
    """Stop what `invx up` started from this folder."""
    settings = read_settings()
    pid_file = settings.place.home / "pid"
    if not pid_file.exists():
        console.print("Nothing is running here.")
        raise typer.Exit(0)
    pid = int(pid_file.read_text())
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 15)
    for _ in range(300):
        if not pid_file.exists() or not _alive(pid):
            console.print("Stopped.")
            return
        time.sleep(0.1)
    console.print(f"Process {pid} does not stop.")
    raise typer.Exit(1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@app.command()
def migrate() -> None:
    """Bring every context's tables up to date."""

    async def run(place: Place, _: Settings) -> None:
        applied = await prepare_database(place, console.print)
        console.print(f"{applied} migrations applied.")

    _with_place(run)


@tenants.command("create")
def tenant_create(
    name: str,
    mode: Annotated[str, typer.Option(help="live, or test for a sandbox")] = "live",
    id: Annotated[str | None, typer.Option(help="A tnt_… id; made when absent.")] = None,
) -> None:
    """Enter a tenant into every context, and print its id."""
    from invx.infra.system import Uuid7Ids

    tenant_id = parse_typeid(TENANT, id) if id else Uuid7Ids().new()

    async def run(place: Place, _: Settings) -> None:
        async with _pools(place) as pools:
            await create_tenant(pools, tenant_id, name=name, mode=mode)

    _with_place(run)
    print(typeid(TENANT, tenant_id))


@app.command()
def token(
    tenant: Annotated[str | None, typer.Argument(help="tnt_…; the demo tenant when absent")] = None,
    subject: str = "user:developer",
    minutes: int = 12 * 60,
) -> None:
    """Print an access token for a tenant, signed with this installation's key."""
    settings = read_settings()
    tenant_id = parse_typeid(TENANT, tenant) if tenant else DEMO_TENANT
    lifetime = timedelta(minutes=minutes)
    print(development_token(settings.place, tenant_id, subject=subject, lifetime=lifetime))


@contextlib.asynccontextmanager
async def _pools(place: Place) -> Any:
    pools = Pools(place.where)
    await pools.open()
    try:
        yield pools
    finally:
        await pools.close()


def _with_place(work: Any) -> None:
    settings = read_settings()

    async def run() -> None:
        with running_place(settings, console.print) as place:
            await work(place, settings)

    _run(run())


def _run(work: Coroutine[Any, Any, T]) -> T:
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


