"""What an expression of PromQL names: metrics, and the labels that it matches or groups by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import promql_parser


@dataclass(slots=True)
class Named:
    """The metrics of an expression, and all labels that it expects of them."""

    metrics: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)


def named_in(text: str) -> Named:
    """Raises ValueError for what is no PromQL."""
    found = Named()
    for node in _nodes(promql_parser.parse(text)):
        if isinstance(node, promql_parser.VectorSelector):
            found.metrics.add(node.name)
            found.labels |= {each.name for each in node.matchers.matchers}
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            found.labels |= set(node.modifier.labels)
        elif isinstance(node, promql_parser.BinaryExpr) and node.modifier is not None:
            matching = node.modifier.matching
            found.labels |= set(matching.labels) if matching is not None else set()
    return found


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    match node:
        case promql_parser.BinaryExpr():
            yield from _nodes(node.lhs)
            yield from _nodes(node.rhs)
        case promql_parser.Call():
            for each in node.args:
                yield from _nodes(each)
        case promql_parser.MatrixSelector():
            yield from _nodes(node.vector_selector)
        case (
            promql_parser.AggregateExpr()
            | promql_parser.ParenExpr()
            | promql_parser.UnaryExpr()
            | promql_parser.SubqueryExpr()
        ):
            yield from _nodes(node.expr)
