from tasks.evaluation.leaks import *  # noqa: F403
