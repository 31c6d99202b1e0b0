"""What runs over the whole data set: a command each, `python -m flows.<name>`."""

import os

# Prefect reads it when it is imported, prints a notice on a terminal and sends usage data without.
os.environ.setdefault("DO_NOT_TRACK", "1")
