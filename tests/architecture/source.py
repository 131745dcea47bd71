"""Reading the tree for the checks: files, syntax trees, names."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

Check = Callable[[Path], Iterator[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef

ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = {".venv", ".git", ".invx", ".hypothesis", "build", "dist", "__pycache__"}


def files(root: Path, *patterns: str) -> Iterator[Path]:
    """The files of the tree that match, without what tools leave behind."""
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            parts = path.relative_to(root).parts
            if path.is_file() and not any(p in _FOREIGN or p.endswith("_cache") for p in parts):
                yield path


def python(root: Path, *patterns: str) -> Iterator[tuple[str, ast.Module]]:
    """The Python files that match: path relative to the root, and syntax tree."""
    for path in files(root, *patterns):
        yield path.relative_to(root).as_posix(), ast.parse(path.read_text())


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module that is imported, also inside functions: line and dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every call of a named function: line and dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield node.lineno, name


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string of the program that is not a docstring: line and value."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docstrings:
            continue
        if isinstance(node.value, str):
            yield node.lineno, node.value
