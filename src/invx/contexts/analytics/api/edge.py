"""What the routes of analytics hold."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from invx.contexts.analytics.adapters.unit_of_work import UnitOfWork
from invx.infra.read_cache import ReadCache
from invx.infra.runner import Runner


@dataclass(frozen=True, slots=True)
class Edge:
    """The runner of analytics, and what is kept of its answers."""

    runner: Runner[UnitOfWork]
    reads: ReadCache


async def edge_of(request: Request) -> Edge:
    """Put there by the host when it builds the application."""
    edge: Edge = request.app.state.analytics
    return edge


Analytics = Annotated[Edge, Depends(edge_of)]
