"""The page of `/oauth/authorize`: plain HTML forms, one style sheet, no script.

Everything that is shown is escaped here. The content security policy allows the style sheet, forms
to ourselves and to where the client is sent back to, and nothing else; no frame may hold the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from invx.contexts.identity.read.queries import SeatView
from invx.kernel.ids import typeid

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Invx</title>
<link rel="stylesheet" href="page.css">
</head>
<body>
<header><strong>Invx</strong></header>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

STYLE = """*{box-sizing:border-box}
body{margin:0;background:#fafafa;color:#3b4151;font:16px/1.5 system-ui,sans-serif}
header{background:#1b1b1b;color:#fff;padding:.75rem 1.5rem;font-size:1.1rem}
main{max-width:28rem;margin:2.5rem auto;padding:1.5rem 2rem 2rem;background:#fff;
border:1px solid #d8dde7;border-radius:6px;box-shadow:0 1px 3px rgb(0 0 0/.08)}
h1{font-size:1.4rem;margin:0 0 1rem}
p,ul{margin:0 0 1rem}
ul{padding-left:1.2rem}
label{display:block;margin:0 0 1rem;font-weight:600}
input,select{display:block;width:100%;margin-top:.25rem;padding:.55rem .6rem;font:inherit;
font-weight:400;color:inherit;background:#fff;border:1px solid #8c92a0;border-radius:4px}
button,a.button{display:inline-block;padding:.55rem 1.2rem;font:inherit;font-weight:600;
text-decoration:none;color:#fff;background:#2f6b3c;border:1px solid #2f6b3c;border-radius:4px;
cursor:pointer}
button.second,a.second{color:#3b4151;background:#fff;border-color:#8c92a0}
:focus-visible{outline:3px solid #4990e2;outline-offset:2px}
.wrong{padding:.6rem .8rem;border-left:4px solid #b3261e;background:#fdecea}
.small{color:#5b6270;font-size:.875rem}
.row{display:flex;gap:.75rem;flex-wrap:wrap}
@media(max-width:32rem){main{margin:0;border:0;border-radius:0;box-shadow:none}}
@media(prefers-color-scheme:dark){body{background:#16181d;color:#e3e6ec}
main,input,select,button.second,a.second{background:#22252c;color:inherit;border-color:#4a4f5c}
.wrong{background:#3b2321}.small{color:#a9afbb}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what, as the person is told."""

    client: str
    registered_by: str
    scopes: Sequence[str]
    back_to: str


def policy(also_to: str | None = None) -> str:
    """The content security policy; `also_to` is where a form may lead in the end."""
    forms = f"'self' {also_to}" if also_to else "'self'"
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"form-action {forms}; frame-ancestors 'none'"
    )


def origin_of(uri: str) -> str:
    """What the policy calls the place of a redirect URI."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}:"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def shown(title: str, body: str, *, status: int = 200, also_to: str | None = None) -> Response:
    """The page."""
    headers = {
        "Content-Security-Policy": policy(also_to),
        "Cache-Control": "no-store",
    }
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status, headers)


def refused(detail: str, status: int = 400) -> Response:
    """Something that leads nowhere: nobody is sent back to a place that was not checked."""
    return shown("This does not work", f'<p class="wrong">{escape(detail)}</p>', status=status)


def sign_in_page(
    kept: str, asked: Asked, *, email: str = "", wrong: str = "", provider: str | None = None
) -> Response:
    """Address and password, or a provider of the operator's."""
    body = f"""<p>to let <strong>{escape(asked.client)}</strong> in.</p>
{_wrong(wrong)}<form method="post" action="authorize">
{_hidden(kept)}
<label>Email <input type="email" name="email" value="{escape(email)}" required
autocomplete="username"></label>
<label>Password <input type="password" name="password" required
autocomplete="current-password"></label>
<button>Sign in</button>
</form>"""
    if provider:
        body += f"""
<form method="get" action="oidc">
{_hidden(kept)}
<p></p><button class="second">Sign in with {escape(provider)}</button>
</form>"""
    return shown("Sign in", body, status=401 if wrong else 200)


def code_page(kept: str, *, wrong: str = "") -> Response:
    """The second factor."""
    body = f"""{_wrong(wrong)}<form method="post" action="authorize">
{_hidden(kept)}
<label>Code of your app, or a recovery code <input name="code" required
autocomplete="one-time-code"></label>
<button>Go on</button>
</form>"""
    return shown("Second factor", body, status=401 if wrong else 200)


def consent_page(kept: str, asked: Asked, seats: Iterable[SeatView]) -> Response:
    """What the client wants, and into which tenant."""
    choices = "\n".join(
        f'<option value="{typeid("tnt", seat.tenant_id)}">{escape(seat.name)}'
        f"{' (test)' if seat.mode == 'test' else ''}</option>"
        for seat in seats
    )
    body = f"""<p><strong>{escape(asked.client)}</strong>, registered by
{escape(asked.registered_by)}, wants access to your data:</p>
<ul>
{_scopes(asked.scopes)}
</ul>
<p class="small">It can do at most what you may do yourself. You can take it back under your
sessions at any time. Afterwards you are sent to {escape(asked.back_to)}.</p>
<form method="post" action="authorize">
{_hidden(kept)}
<label>Into which business <select name="tenant">
{choices}
</select></label>
<div class="row"><button name="decision" value="allow">Allow</button>
<button class="second" name="decision" value="deny">Do not allow</button></div>
</form>"""
    return shown(f"Let {asked.client} in?", body, also_to=asked.back_to)


def _scopes(scopes: Sequence[str]) -> str:
    """`Invoices: read, write`, a line for each kind of thing."""
    lines = []
    for what, each in groupby(sorted(scopes), key=lambda scope: scope.partition(":")[0]):
        acts = ", ".join(scope.partition(":")[2] for scope in each)
        lines.append(f"<li>{escape(what.replace('_', ' ').capitalize())}: {escape(acts)}</li>")
    return "\n".join(lines)


def _hidden(kept: str) -> str:
    return f'<input type="hidden" name="request" value="{escape(kept)}">'


def _wrong(text: str) -> str:
    return f'<p class="wrong" role="alert">{escape(text)}</p>\n' if text else ""
