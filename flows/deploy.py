"""Registers all of prefect.yaml's deployments with the server that runs."""

import os
import subprocess
import sys

from prefect.settings import PREFECT_API_URL

from flows._limits import set_limits
from flows._server import answers, find_server
from flows.serve import POOL, PREFECT
from tasks.params import read_params


def main() -> int:
    """Creates the work pool, the limits and the deployments; needs a server that runs."""
    url = PREFECT_API_URL.value() or find_server()
    if url is None or not answers(url):
        sys.exit("no Prefect server: run `make serve` in another terminal, or set PREFECT_API_URL")
    if os.environ.get("PREFECT_API_URL") != url:
        os.environ["PREFECT_API_URL"] = url
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    set_limits(read_params().download)
    pool = [*PREFECT, "work-pool", "create", POOL, "--type", "process", "--overwrite"]
    subprocess.run(pool, check=True, stdout=subprocess.DEVNULL)
    deploy = [*PREFECT, "--no-prompt", "deploy", "--all"]
    return subprocess.run(deploy, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
