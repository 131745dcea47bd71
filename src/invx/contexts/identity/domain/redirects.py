"""Where a browser may be sent back to: exactly where the client said (RFC 9700, 2.1)."""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

CHARS_MAX = 500
_LOOPBACK = frozenset(("127.0.0.1", "::1"))
_NEAR = _LOOPBACK | {"localhost"}


def wrong_with(uri: str, *, public: bool) -> str | None:
    """What speaks against a redirect URI, in a sentence; None if nothing does.

    https anywhere; http to the machine of the user only; a scheme of its own, with a dot, for an
    app that is installed and therefore public (RFC 8252, 7).
    """
    if len(uri) > CHARS_MAX or not uri.isascii() or not uri.isprintable() or " " in uri:
        return f"A URI has {CHARS_MAX} printable ASCII characters at most."
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "That is no URI."
    if "#" in uri:
        return "A redirect URI has no fragment."
    if parts.username is not None or "\\" in uri:
        return "A redirect URI names nobody."
    return _wrong_with_scheme(parts, host, public=public)


def _wrong_with_scheme(parts: SplitResult, host: str | None, *, public: bool) -> str | None:
    if parts.scheme == "https" and host:
        return None
    if parts.scheme == "http" and host:
        return None if host in _NEAR else "Use https: http is for the user's own machine only."
    if public and "." in parts.scheme and (parts.path or host):
        return None
    return "Begin with https://, or with a scheme of your own that has a dot (com.example.app:/)."


def leads_to(registered: Iterable[str], uri: str) -> bool:
    """Whether this is one of them, to the letter.

    Only the port of a loopback address may differ: an installed app gets whichever is free
    (RFC 8252, 7.3).
    """
    return any(each == uri or _is_same_but_port(each, uri) for each in registered)


def _is_same_but_port(registered: str, uri: str) -> bool:
    try:
        one, other = urlsplit(registered), urlsplit(uri)
        _ = other.port
    except ValueError:
        return False
    return (
        one.scheme == other.scheme == "http"
        and one.hostname in _LOOPBACK
        and one.hostname == other.hostname
        and other.username is None
        and (one.path, one.query, one.fragment) == (other.path, other.query, other.fragment)
    )
