"""Settings of the unit tests."""

import matplotlib
from hypothesis import settings

matplotlib.use("Agg")  # figures without a window, also where there is a desktop

# The same examples in every run, and no limit on a single one: a slow machine is no failure.
settings.register_profile("series", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("series")
