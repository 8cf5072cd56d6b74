"""The cells of a notebook that an answer needs, and what its text says. Nothing here runs any of them."""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import symtable
from dataclasses import dataclass, field
from functools import cache

from . import carry

LONGEST = 200_000  # characters of a cell; a longer one is left out
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, AttributeError)
SPECIAL = re.compile(r"^\s*[%!?]|=\s*[%!]|\?\s*$", re.MULTILINE)  # lines that only IPython understands, perhaps
SHORT = 40  # nodes of a syntax tree; shorter answers are often equal by chance


@dataclass
class Names:
    """What a cell binds, changes and uses, of the notebook's names, and which exercises it checks."""

    binds: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    everything: bool = False  # from x import *


@cache
def _ipython():
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def python(source: str) -> str:
    """The cell as Python, without IPython's % and ! lines; as it is where that fails."""
    if len(source) > LONGEST:
        return 'raise ValueError("this cell is too long to be run")'
    if not SPECIAL.search(source):
        return source
    try:
        return _ipython().transform_cell(source)
    except Exception:
        return source


def trouble(source: str) -> str:
    """Why a cell is no Python; "" if it is."""
    try:
        ast.parse(_inside_magic(source))
    except UNREADABLE as error:
        return f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"
    return ""


def names_of(source: str) -> Names:
    """The names of a cell; none if it is no Python."""
    found = Names()
    try:
        tree = ast.parse(_inside_magic(source))
        table = symtable.symtable(_inside_magic(source), "cell", "exec")
    except UNREADABLE:
        return found
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            (found.imports if symbol.is_imported() else found.binds).add(symbol.get_name())
        if symbol.is_referenced():
            found.uses.add(symbol.get_name())
    inner = table.get_children()
    while inner:
        scope = inner.pop()
        inner += scope.get_children()
        found.uses |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        found.binds |= {s.get_name() for s in scope.get_symbols() if s.is_declared_global() and s.is_assigned()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check" and node.args:
            if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                found.checks.add(node.args[0].value.strip())
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            found.everything = True
    for statement in tree.body:
        found.changes |= _changed(statement)
    found.uses -= set(vars(builtins)) | found.binds | found.imports
    return found


def _inside_magic(source: str) -> str:
    """The body of a timed or captured cell; other sources as they are."""
    first, _, rest = source.partition("\n")
    return rest if first.startswith("%%") else python(source)


def _changed(statement: ast.stmt) -> set[str]:
    """The names whose things a statement changes: a[0] = 1, a.b = 1, a.append(1)."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return set()
    found = set()
    for node in ast.walk(statement):
        place = node if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store) else None
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            place = node.value.func
        while isinstance(place, (ast.Attribute, ast.Subscript)):
            place = place.value
        if isinstance(place, ast.Name):
            found.add(place.id)
    return found


def needed(names: list[Names], targets: set[int]) -> list[int]:
    """The cells that must run so that the target cells can, in the notebook's order.

    names: of every cell. A cell is needed if it binds or changes a name that a needed cell uses and does not bind.
    """
    imported = set().union(*(cell.imports for cell in names)) if names else set()
    chosen = set(targets) | {i for i, cell in enumerate(names) if cell.everything}
    wanted = set().union(*(names[i].uses for i in chosen)) if chosen else set()
    while True:
        more = {
            i
            for i, cell in enumerate(names)
            if i not in chosen and wanted & (cell.binds | cell.imports | (cell.changes - imported))
        }
        if not more:
            return sorted(chosen)
        chosen |= more
        wanted |= set().union(*(names[i].uses for i in more))


def only_imports(source: str, wanted: set[str]) -> str:
    """The import lines of a cell that has nothing else but calls, without those that bind nothing wanted."""
    try:
        body = ast.parse(source).body
    except UNREADABLE:
        return source
    if not all(isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) for node in body):
        return source
    kept = [node for node in body if not isinstance(node, ast.Expr)]
    for node in kept:
        node.names = [a for a in node.names if a.name == "*" or (a.asname or a.name.split(".")[0]) in wanted]
    return "\n".join(ast.unparse(node) for node in kept if node.names)


# --- what is equal to what --------------------------------------------------------------------------------------


def shapes(source: str) -> list[tuple[str, bool]]:
    """(fingerprint, whether it is short) of each function and class of a cell, without names, comments, annotations."""
    try:
        tree = ast.parse(_inside_magic(source))
        tops = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        return [_shape(node) for node in tops]
    except UNREADABLE:
        return []


def _shape(node: ast.AST) -> tuple[str, bool]:
    bare = _Bare().visit(node)
    text = ast.dump(bare, annotate_fields=False).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16], sum(1 for _ in ast.walk(bare)) < SHORT


class _Bare(ast.NodeTransformer):
    """Numbers the names in their order, and drops docstrings, annotations and decorators."""

    def __init__(self):
        self.number: dict[str, str] = {}

    def _new(self, name: str) -> str:
        return self.number.setdefault(name, f"n{len(self.number)}")

    def visit(self, node):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            node.name, node.decorator_list, node.returns = self._new(node.name), [], None
            if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
                node.body = node.body[1:]
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = self._new(node.arg), None
        elif isinstance(node, ast.Name):
            node.id = self._new(node.id)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            node = ast.Assign(targets=[node.target], value=node.value)
        return self.generic_visit(node)


# --- a course notebook and a copy of it -------------------------------------------------------------------------


def by_id(nb: dict, course: dict) -> dict[str, list[int]]:
    """{id: places of the cells with that id}; where a program dropped the ids, texts tell as far as they can."""
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(nb["cells"]):
        id = cell.get("id") or cell.get("metadata", {}).get("id")
        if isinstance(id, str):
            found.setdefault(id, []).append(place)
    if not any(cell["id"] in found for cell in course["cells"]):
        for place, (id, _) in enumerate(carry.identify(nb, carry.version(course))):
            if id:
                found.setdefault(id, []).append(place)
    return found
