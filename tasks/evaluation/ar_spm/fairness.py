from tasks.evaluation.fairness import *  # noqa: F403
