"""Acts: the events of identity as people read them, with who, when, from where, before and after.

They are the events themselves, so the chain and the seals cover what is shown. Where somebody was
is said by the session under which they acted, which is the causation of the event.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.identity.domain.member_events import MemberRemoved, MemberRoleChanged
from invx.contexts.identity.domain.organization_events import OrganizationRenamed
from invx.contexts.identity.domain.role_events import RoleChanged, RoleRemoved
from invx.contexts.identity.domain.tenant_events import TenantChanged
from invx.contexts.identity.domain.user_events import UserRenamed
from invx.infra.codec import Codec
from invx.infra.postgres import Connection
from invx.infra.tables.columns import Cells, Column, Form
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.kernel.messages import Event

PREFIX_OF = {
    "Member": "mem",
    "ApiKey": "key",
    "Role": "role",
    "Invitation": "ivt",
    "User": "usr",
    "Session": "ses",
    "Organization": "org",
    "Tenant": "tnt",
    "Operator": "opr",
    "Announcement": "ann",
    "SupportGrant": "sup",
}
_IDS = {
    "user_id": ("user", "usr"),
    "session_id": ("session", "ses"),
    "owner_id": ("owner", "usr"),
    "organization_id": ("organization", "org"),
    "operator_id": ("operator_id", "opr"),
    "tenant_id": ("tenant", "tnt"),
    "support_grant_id": ("support_grant", "sup"),
}
_UNSAID = frozenset(("subject_id",))  # by whom personal values are erased: the thing itself


@dataclass(frozen=True, slots=True)
class ActFilter:
    """What is narrowed to: columns of events with a value, or several, and bounds of the moment."""

    among: Sequence[tuple[str, Sequence[str]]] = ()
    bounds: Sequence[tuple[str, datetime]] = ()  # operator, moment


@dataclass(frozen=True, slots=True)
class ActSlice:
    """A page of them."""

    filter: ActFilter
    after: tuple[datetime, UUID] | None
    limit: int
    descending: bool


class Acts:
    """The acts of the tenant; with `user_id` those on that person's account and sessions."""

    def __init__(
        self, conn: Connection, ctx: RequestContext, codec: Codec, user_id: UUID | None = None
    ) -> None:
        self._conn = conn
        self._codec = codec
        self._values: list[Any] = [ctx.tenant_id]
        self._conditions = ["e.tenant_id = $1"]
        self._sessions = "member_sessions"
        if user_id is not None:
            self._sessions = "sessions"
            self._add(
                "e.stream_id = ANY(ARRAY(SELECT {0}::uuid UNION ALL SELECT session_id"
                " FROM identity.sessions WHERE tenant_id = $1 AND user_id = {0}))",
                user_id,
            )

    async def page(self, asked: ActSlice) -> list[dict[str, Any]]:
        """One more than its limit when there are more."""
        self._narrow(asked.filter)
        if asked.after is not None:
            self._values += asked.after
            beyond, last = "<" if asked.descending else ">", len(self._values)
            self._conditions.append(
                f"(e.recorded_at, e.event_id) {beyond} (${last - 1}::timestamptz, ${last}::uuid)"
            )
        statement = self._statement("DESC" if asked.descending else "ASC")
        rows = await self._conn.fetch(f"{statement} LIMIT {asked.limit + 1}", *self._values)
        return [self.shown(row) for row in rows]

    async def open(self, wanted: ActFilter) -> None:
        """From now on `fetch` gives the rows of this moment, the oldest first."""
        self._narrow(wanted)
        await self._conn.execute(
            f"DECLARE acts NO SCROLL CURSOR FOR {self._statement('ASC')}", *self._values
        )

    async def fetch(self) -> list[dict[str, Any]]:
        """The next ones; none at the end."""
        return [self.shown(row) for row in await self._conn.fetch("FETCH 500 FROM acts")]

    def shown(self, row: Any) -> dict[str, Any]:
        """An act as the API shows it, with what a cursor needs beside."""
        event = self._codec.decode(
            row["type"], row["schema_version"], row["body"], row["personal"] or ()
        )
        before, after = change_of(event)
        session = row["causation_id"] if row["known"] else None
        return {
            "event_id": row["event_id"],
            "recorded_at": row["recorded_at"],
            "type": type_name(row["type"]),
            "actor": row["actor"],
            "kind": row["kind"],
            "about": _id(row["kind"], row["stream_id"]),
            "version": row["version"],
            "session": typeid("ses", session) if session else None,
            "address": row["address"],
            "user_agent": row["user_agent"],
            "request_id": str(row["correlation_id"]),
            "before": before,
            "after": after,
        }

    def _narrow(self, wanted: ActFilter) -> None:
        for column, values in wanted.among:
            if len(values) == 1:
                self._add(f"e.{column} = {{0}}", values[0])
            else:
                self._add(f"e.{column} = ANY({{0}}::text[])", list(values))
        for operator, moment in wanted.bounds:
            self._add(f"e.recorded_at {operator} {{0}}", moment)

    def _add(self, condition: str, value: Any) -> None:
        self._values.append(value)
        self._conditions.append(condition.format(f"${len(self._values)}"))

    def _statement(self, way: str) -> str:
        return (
            "SELECT e.stream_id, s.kind, e.version, e.event_id, e.type, e.schema_version,"
            " e.recorded_at, e.actor, e.correlation_id, e.causation_id, e.body::text AS body,"
            " m.session_id IS NOT NULL AS known, m.address, m.user_agent, ARRAY("
            "   SELECT p.value::text FROM identity.personal p WHERE p.tenant_id = e.tenant_id"
            "   AND p.stream_id = e.stream_id AND p.version = e.version ORDER BY p.field"
            " ) AS personal FROM identity.events e"
            " JOIN identity.streams s ON s.tenant_id = e.tenant_id AND s.stream_id = e.stream_id"
            f" LEFT JOIN identity.{self._sessions} m"
            "   ON m.tenant_id = e.tenant_id AND m.session_id = e.causation_id"
            f" WHERE {' AND '.join(self._conditions)}"
            f" ORDER BY e.recorded_at {way}, e.event_id {way}"
        )


COLUMNS = (
    Column("at", Form.MOMENT),
    *(Column(name) for name in ("id", "type", "actor", "kind", "about")),
    Column("version", Form.WHOLE),
    *(Column(name) for name in ("session", "address", "user_agent", "request_id")),
    *(Column(name) for name in ("before", "after")),
)


def cells(act: dict[str, Any]) -> Cells:
    """A row of an export; before and after are JSON."""
    changes = [
        None if act[name] is None else msgspec.json.encode(act[name], enc_hook=str).decode()
        for name in ("before", "after")
    ]
    plain = ("type", "actor", "kind", "about", "version", "session", "address", "user_agent")
    return [
        act["recorded_at"],
        typeid("act", act["event_id"]),
        *(act[name] for name in plain),
        act["request_id"],
        *changes,
    ]


def type_name(event: str) -> str:
    """How an event is called outside: `member_role_changed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()


def change_of(event: Event) -> tuple[Any, Any]:
    """What was before and what is after; of what is new, or only ended, all that is said of it."""
    match event:
        case MemberRoleChanged():
            return {"role": event.before}, {"role": event.after}
        case MemberRemoved():
            return {"role": event.before}, None
        case UserRenamed() | OrganizationRenamed():
            return {"name": event.before}, {"name": event.after}
        case RoleChanged():
            return _said(event.before), _said(event.after)
        case RoleRemoved():
            return _said(event.before), None
        case TenantChanged():
            after = _said(event.entry)
            return _said(event.before), {**after, "reason": event.reason}
        case _:
            return None, _said(event)


def _said(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(value):
        if (name := each.name) in _UNSAID:
            continue
        field = getattr(value, name)
        shown, prefix = _IDS.get(name, (name, ""))
        found[shown] = typeid(prefix, field) if prefix and field is not None else _plain(field)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return _said(value) if is_dataclass(value) else value


def _id(kind: str, id: UUID) -> str:
    prefix = PREFIX_OF.get(kind)
    return typeid(prefix, id) if prefix else str(id)
