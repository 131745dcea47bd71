"""The routes of identity."""

from invx.contexts.identity.api.routes.acts import router as acts
from invx.contexts.identity.api.routes.api_keys import router as api_keys
from invx.contexts.identity.api.routes.authorize import router as authorize
from invx.contexts.identity.api.routes.erasing import router as erasing
from invx.contexts.identity.api.routes.invitations import router as invitations
from invx.contexts.identity.api.routes.me import router as me
from invx.contexts.identity.api.routes.members import router as members
from invx.contexts.identity.api.routes.oauth_clients import router as oauth_clients
from invx.contexts.identity.api.routes.oidc import router as oidc
from invx.contexts.identity.api.routes.operator_support import router as operator_support
from invx.contexts.identity.api.routes.operators import router as operators
from invx.contexts.identity.api.routes.roles import router as roles
from invx.contexts.identity.api.routes.sandbox_clocks import router as sandbox_clocks
from invx.contexts.identity.api.routes.sandboxes import router as sandboxes
from invx.contexts.identity.api.routes.second_factor import router as second_factor
from invx.contexts.identity.api.routes.sign_in import router as sign_in
from invx.contexts.identity.api.routes.support import router as support
from invx.contexts.identity.api.routes.tokens import router as tokens

ROUTERS = (
    *(sign_in, tokens, authorize, oidc, me, second_factor, erasing),
    *(members, invitations, roles, api_keys, oauth_clients, acts),
    *(sandboxes, sandbox_clocks),
    *(support, operators, operator_support),
)
