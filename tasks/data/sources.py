"""Which of the project's files a module is made of: a shard's key changes when they do."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("flows", "models", "tasks")
# Parameter values enter a key by themselves; how they are read does not.
NOT_COMPUTING = frozenset({"tasks.params"})


def list_sources(module: str, *, root: Path = Path()) -> list[Path]:
    """Files of the project that `module` imports, itself included, in order of path."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _find_module(name, root)
        if path is None or name in found:
            continue
        found[name] = path
        waiting.extend(_list_imports(path))
    return sorted(found.values())


def hash_sources(module: str, *, root: Path = Path()) -> str:
    """SHA-256 over the names and contents of what `module` computes with."""
    digest = hashlib.sha256()
    skipped = {_find_module(name, root) for name in NOT_COMPUTING}
    for path in list_sources(module, root=root):
        if path not in skipped:
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _find_module(name: str, root: Path) -> Path | None:
    if name.split(".")[0] not in PACKAGES:
        return None
    base = root.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _list_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
