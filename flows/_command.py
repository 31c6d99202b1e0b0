"""How every `python -m flows.<name>` runs from a shell."""

import argparse
import inspect
import logging
import os
import sys
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any, Literal, TextIO, Union, get_args, get_origin

from prefect import Flow, tags
from prefect.context import refresh_global_settings_context
from prefect.logging.configuration import setup_logging
from prefect.settings import PREFECT_API_URL
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from flows._process import ONE_THREAD, die_with_parent, end_as_orphan, is_rank
from flows._server import join_server

OWN = ("flows", "models", "tasks")
PREPARED = "SPEECH_PORTRAITS_PREPARED"
CHAIN = "SPEECH_PORTRAITS_CHAIN"  # the chain's run, set by it: the runs of its stages have that tag
ERASE_LINE = "\x1b[K"  # from the cursor on
# Our own lines go to the terminal, Prefect's to its server.
QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
SHOWN_FROM = dict.fromkeys(OWN, logging.INFO) | {"prefect": logging.CRITICAL}  # by package


def run_command(flow: Flow[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Runs a flow with the command line's values; bad input ends it with one message and code 1.

    Parameters without a default are positional, a tuple takes one or more; a bool becomes a flag, a
    Literal a choice.
    """
    values = vars(_make_parser(flow).parse_args(arguments))
    if is_rank():  # the process that called torchrun has the flow run
        die_with_parent()
        show_own_logs()
    else:
        prepare_process()
    chain = [os.environ[CHAIN]] if CHAIN in os.environ else []
    try:
        with tags(*chain):
            (flow.fn if is_rank() else flow)(**values)
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(f"{flow.name}: {error}")


def prepare_process(*, dies_with_parent: bool = True) -> None:
    """Makes sure of a server, quiet logs and one thread per process, here and in what it starts."""
    if dies_with_parent:
        die_with_parent()  # before the server starts, which takes its time
        end_as_orphan()
    if PREPARED not in os.environ:
        os.environ.update({**ONE_THREAD, **QUIET, PREPARED: "1"})
        os.environ["PREFECT_API_URL"] = PREFECT_API_URL.value() or join_server()
        _apply_environment()
    show_own_logs()


def _apply_environment() -> None:
    """For what has read it when it was imported: starting again would take seconds."""
    refresh_global_settings_context()
    setup_logging()
    threadpool_limits(limits=1)


class LineHandler(logging.StreamHandler[TextIO]):
    """Lines of their own above progress bars, this process's and those of others."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            rest = ERASE_LINE if self.stream.isatty() else ""
            tqdm.write(self.format(record) + rest, file=self.stream)
        except (OSError, ValueError):  # a closed stream
            self.handleError(record)


def show_own_logs() -> None:
    """Lines of this project to the terminal, of its libraries only their warnings.

    Of Prefect nothing: what it says of a run that fails, with a traceback, `run_command` ends with.
    """
    handler = LineHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(
        lambda record: record.levelno >= SHOWN_FROM.get(record.name.split(".")[0], logging.WARNING)
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for package in OWN:
        logging.getLogger(package).setLevel(logging.INFO)


def _make_parser(flow: Flow[..., Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m flows.{flow.name.replace('-', '_')}",
        description=inspect.getdoc(flow.fn),
    )
    for name, parameter in inspect.signature(flow.fn).parameters.items():
        option = "--" + name.replace("_", "-")
        if get_origin(parameter.annotation) is tuple:
            parser.add_argument(name, type=get_args(parameter.annotation)[0], nargs="+")
        elif parameter.default is inspect.Parameter.empty:
            if get_origin(parameter.annotation) is Literal:
                parser.add_argument(name, choices=get_args(parameter.annotation))
            else:
                parser.add_argument(name, type=parameter.annotation)
        elif parameter.annotation is bool:
            parser.add_argument(option, action="store_true")
        elif get_origin(kind := drop_none(parameter.annotation)) is Literal:
            parser.add_argument(option, choices=get_args(kind), default=parameter.default)
        else:
            parser.add_argument(option, type=kind, default=parameter.default)
    return parser


def drop_none(annotation: Any) -> Any:
    """`X` of `X | None`, anything else as it is."""
    if get_origin(annotation) is not UnionType and get_origin(annotation) is not Union:
        return annotation
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return kinds[0] if len(kinds) == 1 else annotation
