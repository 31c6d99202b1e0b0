"""compare_models: does the newly trained model go live?"""

import logging
from pathlib import Path

from prefect import task

from tasks.retraining.comparison import Decision, decide, decide_first

logger = logging.getLogger(__name__)


@task(task_run_name="compare_models")
def compare_models(champion: Path | None, challenger: Path) -> Decision:
    """By the evaluations of CHALLENGER and CHAMPION, of which there may be none yet."""
    decision = decide_first(challenger) if champion is None else decide(champion, challenger)
    for item in decision.comparisons:
        logger.info("compare_models: %s %s", item.role, item)
    logger.info(
        "compare_models: %s: %s", "promote" if decision.promote else "keep", decision.reason
    )
    return decision
