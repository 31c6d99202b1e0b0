from tasks.evaluation.held_out import *  # noqa: F403
