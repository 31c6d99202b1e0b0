"""What git keeps of a version: commits of a few files, tags, files as they were."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def run_git(*words: str) -> str:
    """What it printed; RuntimeError with what it said if it failed."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {words[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def check_identity() -> None:
    """RuntimeError, before any work, where git does not know who commits."""
    run_git("var", "GIT_COMMITTER_IDENT")


def list_changed(paths: Sequence[str]) -> list[str]:
    """Files of these folders that differ from the last commit or are not in git."""
    lines = run_git("status", "--porcelain", "--untracked-files=all", "--", *paths).splitlines()
    return [line[3:] for line in lines]


def commit_paths(paths: Sequence[Path], message: str) -> bool:
    """Commits these files as they are and nothing else; False if they were committed already."""
    names = [str(path) for path in paths if path.exists()]
    run_git("add", "--", *names)
    if not run_git("diff", "--cached", "--name-only", "--", *names):
        return False
    run_git("commit", "--quiet", "--message", message, "--only", "--", *names)
    return True


def read_head() -> str:
    return run_git("rev-parse", "HEAD").strip()


def add_tag(name: str, message: str) -> None:
    run_git("tag", "--annotate", "--message", message, "--", name)


def list_tags(pattern: str) -> list[str]:
    """Oldest first."""
    return run_git("tag", "--list", "--sort=creatordate", "--", pattern).split()


def read_file(tag: str, path: Path) -> str:
    return run_git("show", f"{tag}:{path.as_posix()}")


def list_files(tag: str, folder: Path) -> list[str]:
    return run_git("ls-tree", "-r", "--name-only", tag, "--", f"{folder.as_posix()}/").split("\n")[
        :-1
    ]
