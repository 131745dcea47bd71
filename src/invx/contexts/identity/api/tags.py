"""What the groups of routes are about; the OpenAPI document shows it."""

TAGS = (
    {"name": "Sign in", "description": "Who you are: signing up, sessions, tokens, your account."},
    {"name": "OAuth", "description": "Programs that people let in, and tokens (OAuth 2.1)."},
    {"name": "Members", "description": "Who belongs to a tenant, and what they may do."},
    {"name": "Roles", "description": "What there is to be allowed, and roles of your own."},
    {"name": "Audit", "description": "Who came in, from where, and who changed whose access."},
    {
        "name": "Sandboxes",
        "description": "Tenants to try things out in: made in no time, with a clock that you move.",
    },
    {"name": "Support", "description": "Operators who ask to be let in, and what they announce."},
    {"name": "Operators", "description": "Who runs the installation; tokens of their own."},
    {"name": "API keys", "description": "How programs get in: keys that are exchanged by us."},
)
