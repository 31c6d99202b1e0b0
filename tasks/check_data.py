"""check_data: is the data set fit to train on, and is it still what the live model knows?"""

import logging
from pathlib import Path

from prefect import task

from tasks.params.retrain import DataBounds
from tasks.retraining.checks import DataCheck, check_profile
from tasks.retraining.profile import DataProfile, measure_profile

logger = logging.getLogger(__name__)


@task(task_run_name="check_data")
def check_data(
    data: Path, live: DataProfile | None, bounds: DataBounds
) -> tuple[DataProfile, list[DataCheck]]:
    """Measures the data set below DATA and holds it against BOUNDS and the LIVE version's data."""
    profile = measure_profile(data)
    checks = check_profile(profile, live, bounds)
    for check in checks:
        logger.log(logging.INFO if check.is_good else logging.WARNING, "check_data: %s", check)
    return profile, checks
