"""One media file through every step: `python -m flows.inspect_clip MEDIA --out DIR`."""

import argparse
import json
import logging
import sys
from pathlib import Path

from flows._command import show_own_logs
from tasks.inspect_clip import Inspection, inspect_clip
from tasks.params import read_params

logger = logging.getLogger("flows.inspect_clip")


def main() -> int:
    """0 for a clip that is kept or rejected, 1 for a file that cannot be read."""
    show_own_logs()
    given = _read_arguments()
    if not given.media.is_file():
        logger.error("%s: no such file", given.media)
        return 1
    wanted = Inspection(given.media, given.start, given.end, given.x, given.y)
    try:
        report = inspect_clip(wanted, out=given.out, params=read_params())
    except ValueError as error:
        logger.error("%s", error)
        return 1
    logger.info("%s", json.dumps(report, indent=2))
    return 1 if report["status"] == "failed" else 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.inspect_clip", description=__doc__)
    parser.add_argument("media", type=Path, metavar="MEDIA")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--start", type=float, help="seconds; the whole file if not given")
    parser.add_argument("--end", type=float, help="seconds")
    parser.add_argument("--x", type=float, help="the face's centre, as a share of the width")
    parser.add_argument("--y", type=float, help="the face's centre, as a share of the height")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
