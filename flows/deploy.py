"""Registers all of prefect.yaml's deployments with the server that runs."""

import os
import subprocess
import sys

from prefect.settings import PREFECT_API_URL

from flows._limits import set_limits
from flows._server import answers, find_server
from flows.serve import PREFECT, create_pools
from tasks.params import read_params

CRON, TIMEZONE = "SPEECH_PORTRAITS_CRON", "SPEECH_PORTRAITS_TIMEZONE"


def main() -> int:
    """Creates the work pools, the limits and the deployments; needs a server that runs."""
    url = PREFECT_API_URL.value() or find_server()
    if url is None or not answers(url):
        sys.exit("no Prefect server: run `make serve` in another terminal, or set PREFECT_API_URL")
    if os.environ.get("PREFECT_API_URL") != url:
        os.environ["PREFECT_API_URL"] = url
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    params = read_params()
    set_limits(params.download)
    create_pools(os.environ)
    schedule = {CRON: params.retrain.cron, TIMEZONE: params.retrain.timezone}
    deploy = [*PREFECT, "--no-prompt", "deploy", "--all"]
    return subprocess.run(deploy, check=False, env=os.environ | schedule).returncode


if __name__ == "__main__":
    sys.exit(main())
