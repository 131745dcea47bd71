"""The commands by name, and what becomes of a refusal: a sentence and exit code 1, not a stack."""

import asyncpg
import typer

from invx import __version__
from invx.cli import (
    audit,
    backup,
    demo,
    doctor,
    gateway,
    inbox,
    keys,
    numbers,
    operator_acts,
    operators,
    packs,
    parts,
    rates,
    restore,
    rules,
    split_status,
    storage,
    tenant_carrying,
    tenant_moving,
    tenants,
    up,
    upkeep,
)
from invx.cli.ground import console, out, program
from invx.cli.instance import end_instance
from invx.infra.embedded_cluster import PostgresFailed
from invx.infra.supervised import ProgramFailed
from invx.kernel.errors import DomainError
from invx.settings import read_settings

STOP_SECONDS = 60
_UNPREPARED = (
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedTableError,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # its boxes show half of what a plain stack says
)
_tenants = typer.Typer(no_args_is_help=True, help="Tenants of this installation.")
_operators = typer.Typer(no_args_is_help=True, help="Who runs this installation.")
_inbox = typer.Typer(no_args_is_help=True, help="Contracts and jobs that failed for good.")
_packs = typer.Typer(no_args_is_help=True, help="What is known of the taxes of each country.")
_rates = typer.Typer(no_args_is_help=True, help="Exchange rates as they are published.")
_rules = typer.Typer(no_args_is_help=True, help="The official rules that e-invoices follow.")
_backup = typer.Typer(help="Backups of the embedded database.")
_numbers = typer.Typer(no_args_is_help=True, help="Numbers of documents after a restore.")
_audit = typer.Typer(no_args_is_help=True, help="The proof that no history was changed.")

_storage = typer.Typer(no_args_is_help=True, help="Where files lie.")
_gateway = typer.Typer(no_args_is_help=True, help="What stands before contexts that are apart.")
_keys = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")


def main() -> None:
    """Entry point."""
    try:
        app()
    except (DomainError, PostgresFailed, ProgramFailed) as error:
        _complain(error.detail if isinstance(error, DomainError) else str(error))
    except _UNPREPARED:
        _complain(f"The database is not prepared: run `{program()} migrate` first.")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _complain(f"{type(error).__name__}: {error} (`invx doctor` looks for the cause)")
    raise SystemExit(1)


def _complain(text: str) -> None:
    console.print(text, style="red")


@app.callback(invoke_without_command=True)
def options(*, version: bool = typer.Option(False, "--version", help="Print it.")) -> None:
    """Invx: from draft to legal invoice, on this machine or as services."""
    if version:
        out.print(f"Invx {__version__}")
        raise typer.Exit


@app.command("up")
def up_(
    *,
    services: bool = typer.Option(
        False, "--services", help="A process per context, RabbitMQ between, Envoy in front."
    ),
    replicas: int = typer.Option(
        1, min=1, max=9, help="Processes of each context, with --services."
    ),
) -> None:
    """Start everything here; print how to begin."""
    if services:
        up.start_services(replicas)
    else:
        up.start()


@app.command()
def stop() -> None:
    """Stop what `invx up` started from this folder."""
    ended = end_instance(read_settings().place.home, STOP_SECONDS)
    console.print(f"Stopped process {ended.pid}." if ended else "Nothing is running here.")


app.command("serve")(parts.serve_contexts)
app.command()(parts.work)
app.command()(parts.relay)
app.command()(tenants.token)
app.command()(upkeep.migrate)
app.command()(upkeep.republish)
app.command("services")(split_status.status)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
_tenants.command("create")(tenants.create)
_tenants.command("list")(tenants.list_)
_tenants.command()(tenants.suspend)
_tenants.command()(tenants.quota)
_tenants.command()(tenants.resume)
_tenants.command()(tenant_carrying.export)
_tenants.command("import")(tenant_carrying.import_)
_tenants.command()(tenant_carrying.erase)
_tenants.command()(tenant_moving.move)
_tenants.command()(operator_acts.history)
_inbox.command("list")(inbox.list_)
_inbox.command()(inbox.replay)
_inbox.command()(inbox.skip)
app.add_typer(_tenants, name="tenant")
_operators.command()(operators.create)
_operators.command("list")(operators.list_)
_operators.command()(operators.revoke)
app.add_typer(_operators, name="operator")
_storage.command()(storage.move)
_keys.command("list")(keys.list_)
_keys.command()(keys.rotate)
_gateway.command()(gateway.config)
_audit.command("verify")(audit.verify_all)
_audit.command()(audit.seal)
_audit.command()(audit.export)
_packs.command("list")(packs.list_)
_packs.command()(packs.update)
_rates.command("import")(rates.import_)
_rules.command("list")(rules.list_)
_rules.command()(rules.install)
_backup.callback(invoke_without_command=True)(backup.backup)
_backup.command("list")(backup.list_)
_backup.command()(backup.verify)
app.add_typer(_backup, name="backup")
app.command()(restore.restore)
_numbers.command()(numbers.hold)
_numbers.command()(numbers.reconcile)
app.add_typer(_numbers, name="numbers")
app.add_typer(_inbox, name="inbox")
app.add_typer(_packs, name="packs")
app.add_typer(_rates, name="rates")
app.add_typer(_rules, name="rules")
app.add_typer(_audit, name="audit")
app.add_typer(_storage, name="storage")
app.add_typer(_gateway, name="gateway")
app.add_typer(_keys, name="keys")
