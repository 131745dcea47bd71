"""`invx gateway config`: what Envoy needs, where contexts are found by name."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from invx.cli.ground import ArgumentInvalid, out
from invx.cli.split import PORTS
from invx.host import CONTEXTS, ROUTERS, whole_document
from invx.infra.gateway.clusters import Upstream
from invx.infra.gateway.envoy import Gateway, configuration
from invx.infra.gateway.routing import routing_of
from invx.settings import read_settings

CONFIGURATION, DOCUMENT = "envoy.json", "openapi.json"
_PORT_MAX = 65_535


def config(
    folder: Annotated[Path, typer.Argument(help="Where envoy.json and openapi.json are put.")],
    context: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=HOST[:PORT], repeatable, also for one NAME; HOST is NAME where none is said."
        ),
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Of pages in browsers that may call, repeatable.")
    ] = None,
    admin_port: Annotated[int, typer.Option(help="Of Envoy itself, on 127.0.0.1.")] = 9901,
    tenant_requests: Annotated[
        int, typer.Option(min=1, help="A second, of one tenant at one gateway; more get 429.")
    ] = 1_000,
) -> None:
    """Write what Envoy is started with, for contexts on other machines or in containers.

    It listens at INVX_HOST and INVX_PORT. Each address that a host's name has is a replica.
    """
    settings = read_settings()
    folder = folder.absolute()
    gateway = Gateway(
        port=settings.serve.port,
        admin_port=admin_port,
        upstreams=upstreams_of(context or []),
        routing=routing_of(ROUTERS),
        access_log=None,
        document=folder / DOCUMENT,
        issuer=settings.auth.issuer,
        host=settings.serve.host,
        origins=tuple(origin or ()),
        https_only=settings.http.https_only,
        tenant_requests_per_second=tenant_requests,
    )
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / DOCUMENT, whole_document())
    _put(folder / CONFIGURATION, configuration(gateway))
    out.print(f"Start Envoy with `envoy -c {folder / CONFIGURATION}`.")


def upstreams_of(said: list[str]) -> dict[str, list[Upstream]]:
    """Where the processes of each context listen, as is said of it. Raises ArgumentInvalid."""
    found: dict[str, list[Upstream]] = {name: [] for name in CONTEXTS}
    for each in said:
        name, _, at = each.partition("=")
        host, colon, port = at.partition(":")
        if name not in found or not host or (colon and not _is_port(port)):
            raise ArgumentInvalid(
                f"--context is NAME=HOST or NAME=HOST:PORT, with a NAME of {', '.join(found)};"
                f" not {each!r}."
            )
        found[name].append(Upstream(host, int(port) if colon else PORTS[name]))
    return {name: some or [Upstream(name, PORTS[name])] for name, some in found.items()}


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) <= _PORT_MAX


def _put(file: Path, content: object) -> None:
    """Whole or not at all: Envoy may be starting beside it, and another may write the same."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(json.dumps(content, indent=1), "utf-8")
    fresh.replace(file)
