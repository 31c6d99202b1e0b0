from tasks.evaluation.recognition import *  # noqa: F403
