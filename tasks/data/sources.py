"""Which of the project's files a module is made of: a shard's key changes when they do."""

import hashlib
import tokenize
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("flows", "models", "tasks")
# Parameter values enter a key by themselves; how they are read does not.
NOT_COMPUTING = "tasks/params"


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
    for path in list_sources(module, root=root):
        name = path.relative_to(root).as_posix()
        if not name.startswith(NOT_COMPUTING):
            digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _find_module(name: str, root: Path) -> Path | None:
    if name.split(".")[0] not in PACKAGES:
        return None
    base = root.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _list_imports(path: Path) -> Iterator[str]:
    """Names that may be modules: `a.b` and `a.b.c` of `from a.b import c`."""
    # By tokens: `ast.parse` is not safe beside other threads that use it (CPython 3.11).
    for words in _list_statements(path):
        if words[0] == "import":
            yield from ("".join(part[: _find(part, "as")]) for part in _split(words[1:]))
        elif words[0] == "from" and words[1] != ".":
            middle = words.index("import")
            module = "".join(words[1:middle])
            yield module
            names = [word for word in words[middle + 1 :] if word not in "()"]
            yield from (f"{module}.{part[0]}" for part in _split(names) if part)


def _list_statements(path: Path) -> Iterator[list[str]]:
    """The words of each logical line of a source file."""
    words: list[str] = []
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                if words:
                    yield words
                words = []
            elif token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING):
                words.append(token.string)


def _split(words: list[str]) -> list[list[str]]:
    """Words between commas."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == ",":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _find(words: list[str], word: str) -> int:
    return words.index(word) if word in words else len(words)
