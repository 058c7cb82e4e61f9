"""Which environment variables a source tree reads, told from its source, without running it.

Python: `environ["X"]`, `.get`, `.pop`, `.setdefault`, `"X" in …environ…`, `getenv("X")`, on whatever is called environ
or environment, with names by constants too; and whatever uses the declaration `variables.X`.
JavaScript: `process.env.X`, `process.env["X"]`, `const { X } = process.env`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Read", "reads_of"]

HOLDERS = re.compile(r"(?:^|_)environ(?:ment)?$")
METHODS = frozenset({"get", "pop", "setdefault", "getenv"})
JAVASCRIPT = (
    re.compile(r"process\.env\.([A-Za-z_]\w*)"),
    re.compile(r"process\.env\[[\"']([^\"']+)[\"']\]"),
)
DESTRUCTURED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env\b")
SKIPPED = frozenset({"node_modules", "__pycache__"})
WSGI = re.compile(r"^(?:HTTP_\w+|REQUEST_METHOD|PATH_INFO|QUERY_STRING|CONTENT_\w+|SERVER_\w+|SCRIPT_NAME|wsgi\..*)$")


@dataclass(frozen=True)
class Read:
    """A variable that is read, and where: `file:line`."""

    name: str
    place: str


def reads_of(root: Path, folders: tuple[str, ...], declared: Mapping[str, str]) -> tuple[Read, ...]:
    """All reads in these files and folders below `root`. `declared`: names of constants of declarations (`STAGE`), to
    the variables that they declare (`AUTH_STAGE`)."""
    found: list[Read] = []
    for file in sorted(_files(root, folders)):
        place = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        names = _python(text, declared, root) if file.suffix == ".py" else _javascript(text)
        found += [Read(name, f"{place}:{line}") for name, line in names if not WSGI.match(name)]
    return tuple(found)


def _files(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        path = root / folder
        candidates = [path] if path.is_file() else path.rglob("*")
        yield from (
            each for each in candidates if each.suffix in (".py", ".mjs") and not SKIPPED.intersection(each.parts)
        )


def _javascript(text: str) -> Iterator[tuple[str, int]]:
    for pattern in JAVASCRIPT:
        for match in pattern.finditer(text):
            yield match[1], text.count("\n", 0, match.start()) + 1
    for match in DESTRUCTURED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        for name in match[1].split(","):
            if word := name.partition(":")[0].partition("=")[0].strip():
                yield word, line


def _python(text: str, declared: Mapping[str, str], root: Path) -> Iterator[tuple[str, int]]:
    tree = ast.parse(text)
    constants = {**_imported(tree, root), **_constants(tree)}
    for node in ast.walk(tree):
        for name in _names(node, constants, declared):
            yield name, getattr(node, "lineno", 0)


def _imported(tree: ast.Module, root: Path) -> dict[str, str]:
    """The constants that it imports from other modules of the tree."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            file = root / f"{node.module.replace('.', '/')}.py"
            theirs = _constants(ast.parse(file.read_text(encoding="utf-8"))) if file.is_file() else {}
            found |= {each.asname or each.name: theirs[each.name] for each in node.names if each.name in theirs}
    return found


def _constants(tree: ast.Module) -> dict[str, str]:
    """The module's own constants that are texts."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _names(node: ast.AST, constants: Mapping[str, str], declared: Mapping[str, str]) -> Iterator[str]:
    match node:
        case ast.Subscript(value=holder, slice=key) if _is_environment(holder):
            yield from _text(key, constants)
        case ast.Call(func=ast.Attribute(value=holder, attr=method), args=[key, *_]) if method in METHODS:
            if _is_environment(holder) or (method == "getenv" and isinstance(holder, ast.Name) and holder.id == "os"):
                yield from _text(key, constants)
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[holder]) if _is_environment(holder):
            yield from _text(key, constants)
        case ast.Attribute(value=ast.Name(id="variables"), attr=constant) if constant in declared:
            yield declared[constant]
        case ast.Attribute(value=ast.Name(id=constant), attr="read" | "name") if constant in declared:
            yield declared[constant]


def _is_environment(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return bool(HOLDERS.search(name))


def _text(node: ast.AST, constants: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]


def resources_of(root: Path, folder: str) -> Iterator[Read]:
    """The SST resources that are asked for by name: `resources.text("App", …)`, `resources.of("App")`."""
    for place, node in _calls(root, folder):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="resources"), attr="text" | "of"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield Read(f"SST_RESOURCE_{name}", place)
    for file in sorted(_files(root, (folder,))):
        if file.suffix == ".py":
            tree, place = ast.parse(file.read_text(encoding="utf-8")), file.relative_to(root).as_posix()
            yield from (Read(f"SST_RESOURCE_{name}", f"{place}:{line}") for name, line in _asked_in_turn(tree))


def _asked_in_turn(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names in `{… f(resources, name) … for name in ("A", "B")}`, or in a constant of the module."""
    tuples = {
        t.id: n.value for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.DictComp | ast.ListComp | ast.GeneratorExp):
            asks = any(
                isinstance(each, ast.Call) and any(isinstance(a, ast.Name) and a.id == "resources" for a in each.args)
                for each in ast.walk(node)
            )
            iterated = [tuples.get(g.iter.id) if isinstance(g.iter, ast.Name) else g.iter for g in node.generators]
            listed = [each for one in iterated if isinstance(one, ast.Tuple) for each in one.elts]
            for each in listed if asks else ():
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value, node.lineno


def flags_of(root: Path, folder: str) -> Iterator[Read]:
    """The options of command lines: `….add_argument("--flag", …)`, and `case ["--flag", value]`."""
    for place, node in _calls(root, folder):
        match node:
            case ast.Call(func=ast.Attribute(attr="add_argument"), args=[ast.Constant(value=str(flag)), *_]):
                if flag.startswith("--"):
                    yield Read(flag, place)
    for place, node in _calls(root, folder, ast.MatchSequence):
        match node:
            case ast.MatchSequence(patterns=[ast.MatchValue(value=ast.Constant(value=str(flag))), *_]):
                if flag.startswith("--"):
                    yield Read(flag, place)


def parameters_of(root: Path, files: tuple[str, ...]) -> Iterator[Read]:
    """The parameters below a stage's path: what `SECRETS` lists, and the constants that `parameter_name` is given."""
    for file in files:
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
        named = {"SECRETS", *_parameter_constants(tree)}
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in named:
                    values = value.elts if isinstance(value, ast.Tuple) else [value]
                    for each in values:
                        if isinstance(each, ast.Constant) and isinstance(each.value, str):
                            yield Read(f"/<app>/<stage>/auth/{each.value}", f"{file}:{node.lineno}")


def _parameter_constants(tree: ast.Module) -> Iterator[str]:
    """What stands for the name in `parameter_name(app, stage, NAME)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="parameter_name"), args=[_, _, ast.Name(id=constant)]):
                yield constant


def _calls(root: Path, folder: str, kind: type[ast.AST] = ast.Call) -> Iterator[tuple[str, ast.AST]]:
    for file in sorted(_files(root, (folder,))):
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, kind):
                    yield f"{file.relative_to(root).as_posix()}:{getattr(node, 'lineno', 0)}", node
