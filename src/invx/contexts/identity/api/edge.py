"""What the routes of identity hold."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from invx.contexts.identity.adapters.oidc import OidcProvider
from invx.contexts.identity.adapters.passwords import Passwords
from invx.contexts.identity.adapters.unit_of_work import UnitOfWork
from invx.contexts.identity.domain.role import ROLE
from invx.contexts.identity.domain.user import user_in
from invx.infra.codec import Codec
from invx.infra.encryption import SecretKey
from invx.infra.http.fields import in_path
from invx.infra.http.idempotency_key import IdempotencyRequest, idempotency_key
from invx.infra.http.jwks import Fetch
from invx.infra.http.permissions import requires
from invx.infra.http.problems import refusal
from invx.infra.http.provider import ProviderSettings
from invx.infra.http.request_info import KEY, RequestInfo
from invx.infra.http.streaming import Slots
from invx.infra.idempotency import Answer, IdempotentRequest
from invx.infra.runner import Runner
from invx.infra.tenancy import INSTALLATION
from invx.infra.tokens import Signer
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, Forbidden
from invx.kernel.ports import Ids

C = TypeVar("C")
R = TypeVar("R")

SESSION, ORGANIZATION, TENANT, MEMBER = "ses", "org", "tnt", "mem"
API_KEY, INVITATION = "key", "ivt"
CLIENT, OPERATION, OPERATOR = "cli", "op", "opr"
ANNOUNCEMENT, SUPPORT_GRANT = "ann", "sup"
USER_AGENT_CHARS_MAX = 300
_EXPORTS_AT_ONCE = 2  # of a process: each holds one of its ten connections while it is sent


@dataclass(frozen=True, slots=True)
class Access:
    """How people get in: who signs tokens, with which keys published, for what at most."""

    signer: Signer
    jwks: Fetch
    permissions: frozenset[str]
    secrets: SecretKey
    sign_up_open: bool = True
    invited_open: bool = True  # whether invited people may make accounts
    provider: ProviderSettings | None = None  # who else vouches for people
    public_url: str | None = None  # how browsers reach this installation; else as they asked
    password_memory_kib: int = 65_536


@dataclass(frozen=True, slots=True)
class Edge:
    """The runner, who hashes passwords, and how people get in."""

    runner: Runner[UnitOfWork]
    passwords: Passwords
    access: Access
    ids: Ids
    codec: Codec
    exports: Slots = field(default_factory=lambda: Slots(_EXPORTS_AT_ONCE))
    provider: OidcProvider | None = None

    def close(self) -> None:
        """End what works beside the event loop."""
        self.passwords.close()


async def edge_of(request: Request) -> Edge:
    """Put there by the host when it builds the application."""
    edge: Edge = request.app.state.identity
    return edge


Identity = Annotated[Edge, Depends(edge_of)]
OneselfReader = Annotated[Caller, requires("me:read")]
Oneself = Annotated[Caller, requires("me:write")]


MemberId = in_path(MEMBER, "The member.")
SessionId = in_path(SESSION, "The session.")
InvitationId = in_path(INVITATION, "The invitation.")
RoleId = in_path(ROLE, "A role of your own.")
ApiKeyId = in_path(API_KEY, "The API key.")
SandboxId = in_path(TENANT, "The sandbox.")
AdvanceId = in_path(OPERATION, "The operation that moves its clock.")
ClientId = in_path(CLIENT, "The OAuth client.")
TenantId = in_path(TENANT, "The tenant.")
AnnouncementId = in_path(ANNOUNCEMENT, "The announcement.")
SupportGrantId = in_path(SUPPORT_GRANT, "The request for access, and what was granted by it.")


Once = Annotated[IdempotencyRequest | None, idempotency_key()]


async def answered(
    edge: Edge,
    handler: Callable[[C, Any], Awaitable[R]],
    command: C,
    caller: Caller,
    *,
    show: Callable[[R, UnitOfWork], Answer],
    once: IdempotencyRequest | None,
) -> Response:
    """Run the command; its answer is made inside the transaction, and under a key given again."""
    request = None
    if once is not None:
        request = IdempotentRequest(once.key_hash.hex(), once.fingerprint.hex(), _refused)
    answer = await edge.runner.answer(handler, command, caller, render=show, request=request)
    return Response(answer.body, answer.status, answer.headers)


def _refused(error: DomainError) -> Answer:
    response = refusal(error)
    headers = {name: text for name, text in response.headers.items() if name != "content-length"}
    return Answer(response.status_code, bytes(response.body), headers)


def user_of(caller: Caller) -> UUID:
    """The person who asks. Raises Forbidden for keys and programs."""
    user_id = user_in(caller.actor)
    if user_id is None:
        raise Forbidden("Only a person who signed in has an account of their own.")
    return user_id


def installed(caller: Caller) -> Caller:
    """The same caller inside the installation, where people are kept."""
    return replace(caller, tenant_id=INSTALLATION)


def stranger(request: Request) -> Caller:
    """Somebody who has not said yet who they are."""
    info: RequestInfo = request.scope[KEY]
    return Caller(INSTALLATION, "stranger", info.correlation_id)


def url_of(edge: Edge, request: Request) -> str:
    """How this installation is called: what settings say, or else what the request says."""
    return edge.access.public_url or str(request.base_url).rstrip("/")


def whereabouts(request: Request) -> tuple[str | None, str | None]:
    """The address and the program that a request comes from, as they say."""
    address = request.client.host if request.client else None
    agent = request.headers.get("user-agent")
    return address, agent[:USER_AGENT_CHARS_MAX] if agent else None
