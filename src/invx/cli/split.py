"""`invx up --services`: one process per context on this machine, with all that they need.

PostgreSQL with a database and logins per context, RabbitMQ between them, Valkey beside them,
Envoy in front. No Docker.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx

from invx.cli.audit import new_file
from invx.cli.ground import console, run
from invx.host import CONTEXTS, ROUTERS, whole_document
from invx.infra.embedded import Postgres
from invx.infra.embedded_envoy import envoy_program
from invx.infra.embedded_rabbit import Rabbit
from invx.infra.embedded_valkey import Valkey
from invx.infra.gateway.clusters import Upstream
from invx.infra.gateway.envoy import Gateway, configuration
from invx.infra.gateway.routing import routing_of
from invx.infra.postgres import DatabaseSettings
from invx.infra.supervised import Program, Supervised, free_port, listens
from invx.place import Place, ensure_key, prepare_database
from invx.settings import Settings

STATUS = "services.json"
IDENTITY = "identity"
PORTS = {  # the same everywhere where nobody else has them
    "invoicing": 8001, "customers": 8002, "billing": 8003, "payments": 8004,
    "catalog": 8005, IDENTITY: 8006, "notifications": 8007, "analytics": 8008,
}  # fmt: skip
_START_SECONDS = 180
_DRAIN_SECONDS = "3"  # the gateway asks every two whether a process wants more
_DATABASES = ("INVX_DATABASE", "INVX_CONTEXT_DATABASES")  # those that we tell of ourselves
_MAIN = "from invx.cli import main; main()"


@dataclass(slots=True)
class Split:
    """The processes of an installation that is split, in a folder under its home."""

    settings: Settings
    folder: Path
    port: int
    fixed_ports: bool
    postgres: Postgres
    rabbit: Rabbit
    valkey: Valkey
    replicas: int = 1  # processes of each context
    parts: dict[str, Supervised] = field(default_factory=dict)  # contexts and gateway, while up

    @classmethod
    def of(cls, settings: Settings, port: int, *, replicas: int = 1) -> Self:
        """For this installation, with the gateway on `port`; nothing is started yet.

        Raises ProgramFailed and PostgresFailed where a program is missing.
        """
        folder = settings.place.home.resolve() / "services"
        postgres = Postgres(
            folder / "postgres",
            logins=[login for name in CONTEXTS for login in _logins(name)],
            settings={"max_connections": "200"},
            binaries=settings.place.postgres_binaries,
            account=settings.place.postgres_account,
        )
        fixed = settings.serve.port != 0
        rabbit, valkey = Rabbit(folder / "rabbitmq"), Valkey(folder / "valkey")
        return cls(settings, folder, port, fixed, postgres, rabbit, valkey, replicas)

    @property
    def place(self) -> Place:
        """A database for each context; none that they share."""
        contexts = {name: self._place_of(name) for name in CONTEXTS}
        first = contexts[CONTEXTS[0]]
        where = DatabaseSettings(
            first.where.app,
            first.where.system,
            contexts={name: each.where for name, each in contexts.items()},
        )
        return Place(first.admin, where, contexts=contexts)

    def _place_of(self, context: str) -> Place:
        database, (app, system) = f"invx_{context}", _logins(context)
        where = DatabaseSettings(
            app=self.postgres.connection(app, database),
            system=self.postgres.connection(system, database),
        )
        return Place(self.postgres.connection(database=database), where)

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """All of it up, and the gateway's URL; all of it down at the end."""
        with contextlib.ExitStack() as stack:
            with ThreadPoolExecutor() as threads:
                broker = threads.submit(self.rabbit.start)
                stack.callback(self.rabbit.stop)
                stack.callback(self.postgres.stop)
                self.postgres.start()
                run(prepare_database(self.place))
                ensure_key(self.settings.place)
                broker.result()
            self.postgres.watch(console.print)
            self.rabbit.watch(console.print)
            stack.callback(self.valkey.stop)
            self.valkey.start().server.watch(console.print)
            self._write_databases()
            upstreams = {name: self._upstreams(name) for name in CONTEXTS}
            (self.folder / "openapi.json").write_text(json.dumps(whole_document()))
            programs = [self._gateway(upstreams), *self._programs(upstreams)]
            self.parts = {each.name: Supervised(each) for each in programs}
            stack.callback(_at_once, [part.stop for part in self.parts.values()])
            _at_once([partial(part.start, _START_SECONDS) for part in self.parts.values()])
            for part in self.parts.values():
                part.watch(console.print)
            url = f"http://127.0.0.1:{self.port}"
            _await_traffic(url)
            self._write_status(url, upstreams)
            stack.callback((self.folder / STATUS).unlink)
            yield url

    def _upstreams(self, context: str) -> list[Upstream]:
        ports = [self._port_of(context), *(free_port() for _ in range(1, self.replicas))]
        return [Upstream("127.0.0.1", port) for port in ports]

    def _programs(self, upstreams: Mapping[str, Sequence[Upstream]]) -> list[Program]:
        """The processes of the contexts."""
        return [
            self._context(name, each.port, _named(name, number))
            for name, some in upstreams.items()
            for number, each in enumerate(some, 1)
        ]

    def _port_of(self, context: str) -> int:
        wanted = PORTS[context]
        return wanted if self.fixed_ports and not listens(wanted) else free_port()

    def _context(self, context: str, port: int, name: str) -> Program:
        """A process of a context: it is told of its own database and no other."""
        at = f"http://127.0.0.1:{self.port}"  # where any process of identity answers
        own = {key: text for key, text in os.environ.items() if not key.startswith(_DATABASES)}
        app, system = (self._dsn(login, context) for login in _logins(context))
        said = {
            "INVX_HOME": str(self.settings.place.home.resolve()),
            "INVX_NUMBERS_FILE": str(self.folder / "numbers.jsonl"),
            **({"INVX_DRAIN_SECONDS": _DRAIN_SECONDS} if self.replicas > 1 else {}),
            **own,
            "INVX_PORT": str(port),
            "INVX_HOST": "127.0.0.1",
            "INVX_DATABASE_APP": app,
            "INVX_DATABASE_SYSTEM": system,
            "INVX_DATABASE_ADMIN": app,  # who serves never migrates
            "INVX_RABBITMQ": self.rabbit.url,
            "INVX_VALKEY": self.valkey.url,
            "INVX_JWKS": f"{at}/.well-known/jwks.json",
        }
        if context == IDENTITY:  # the plane of operators, clocks and endings of sandboxes: of all
            said.pop("INVX_JWKS")
            said["INVX_CONTEXT_DATABASES"] = str(self.databases)
        else:
            said["INVX_TOKEN_URL"] = f"{at}/oauth/token"
        command = (sys.executable, "-P", "-c", _MAIN, "serve", "--contexts", context)
        return Program(name, command, self.folder / "log", lambda: answers(port), said, 30)

    def _dsn(self, login: str, context: str) -> str:
        """How processes reach the database of a context."""
        return self.postgres.dsn(login, f"invx_{context}")

    @property
    def databases(self) -> Path:
        """The databases of all contexts, as INVX_CONTEXT_DATABASES wants them."""
        return self.folder / "databases.json"

    def _write_databases(self) -> None:
        said = {
            name: {
                "app": self._dsn(app, name),
                "system": self._dsn(system, name),
                "admin": self.postgres.dsn(database=f"invx_{name}"),
            }
            for name, (app, system) in ((name, _logins(name)) for name in CONTEXTS)
        }
        self.databases.unlink(missing_ok=True)
        with new_file(self.databases) as file:  # which only its owner reads
            file.write(json.dumps(said, indent=2).encode())

    def _gateway(self, upstreams: Mapping[str, Sequence[Upstream]]) -> Program:
        gateway = Gateway(
            port=self.port,
            admin_port=free_port(),
            upstreams=upstreams,
            routing=routing_of(ROUTERS),
            access_log=self.folder / "log" / "access.jsonl",
            document=self.folder / "openapi.json",
            issuer=self.settings.auth.issuer,
            host=self.settings.serve.host,
            https_only=self.settings.http.https_only,
        )
        return envoy_program(self.folder / "log", configuration(gateway), port=self.port)

    def _write_status(self, url: str, upstreams: Mapping[str, Sequence[Upstream]]) -> None:
        log = self.folder / "log"
        known: dict[str, Any] = {
            (name := _named(context, number)): {
                "url": f"http://{each.host}:{each.port}", "log": str(log / f"{name}.log"),
            }
            for context, some in upstreams.items()
            for number, each in enumerate(some, 1)
        }  # fmt: skip
        known["gateway"] = {"url": url, "log": str(log / "access.jsonl")}
        known["rabbitmq"] = {
            "port": self.rabbit.port, "log": str(self.folder / "rabbitmq" / "rabbitmq.log"),
        }  # fmt: skip
        known["valkey"] = {"port": self.valkey.port, "log": str(self.valkey.server.log)}
        at = self.postgres.connection()
        known["postgresql"] = {
            "socket": f"{at['host']}/.s.PGSQL.{at['port']}", "log": str(self.postgres.log),
        }  # fmt: skip
        (self.folder / STATUS).write_text(json.dumps(known, indent=2))


def _named(context: str, number: int) -> str:
    """What a process of a context is called, in logs and on the page of services."""
    return context if number == 1 else f"{context}-{number}"


def _at_once(acts: Sequence[Callable[[], object]]) -> None:
    """All of them, each in a thread; then what the first raised that failed."""
    with ThreadPoolExecutor(len(acts)) as threads:
        doing = [threads.submit(act) for act in acts]
    for each in doing:
        each.result()


def _logins(context: str) -> tuple[str, str]:
    return f"invx_{context}_app", f"invx_{context}_system"


def answers(port: int) -> bool:
    """Whether a context serves requests."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == httpx.codes.OK
    return False


def _await_traffic(url: str) -> None:
    """Until the gateway has seen that its contexts answer, and has identity's keys."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/v1/permissions", timeout=5).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
