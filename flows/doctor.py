"""What is missing or broken on this machine: `python -m flows.doctor`."""

import sys

from rich.console import Console
from rich.table import Table

from tasks.doctor import examine
from tasks.params import read_params

SIGNS = {True: "ok", False: "MISSING", None: "-"}


def main() -> int:
    """0 if nothing that is needed is missing."""
    table = Table("", "what", "found", box=None)
    try:
        findings = list(examine(read_params()))
    except ValueError as error:
        sys.exit(str(error))
    for finding in findings:
        table.add_row(SIGNS[finding.is_good], finding.name, finding.message)
    Console().print(table)
    return int(any(finding.is_good is False for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
