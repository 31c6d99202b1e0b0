"""Published pictures of other people's models, measured: `python -m flows.evaluate_pictures`."""

import argparse
import logging
import os
import sys
from pathlib import Path

from flows._process import ONE_THREAD
from tasks.evaluate_pictures import PictureSource, evaluate_pictures

logger = logging.getLogger("flows.evaluate_pictures")


def main() -> int:
    """0 when the report is written, 1 for bad input."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    for package in ("flows", "tasks"):
        logging.getLogger(package).setLevel(logging.INFO)
    given = _read_arguments()
    # The worker processes take it over.
    os.environ.update(ONE_THREAD)
    source = PictureSource(
        given.table, given.original, given.from_face, given.from_voice, given.labelled
    )
    try:
        page = evaluate_pictures(source, given.out, num_workers=given.workers)
    except ValueError as error:
        logger.error("%s", error)
        return 1
    logger.info("see %s", page)
    return 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.evaluate_pictures", description=__doc__)
    columns = {
        "original": "the person's own picture",
        "from-face": "the picture made from the face",
        "from-voice": "the picture made from the voice",
    }
    parser.add_argument("--table", type=Path, required=True, help="CSV; paths are relative to it")
    for name, words in columns.items():
        parser.add_argument(f"--{name}", required=True, metavar="COLUMN", help=f"column of {words}")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--labelled", type=Path, metavar="DIR", help="labelled faces, named as UTKFace or FairFace"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
