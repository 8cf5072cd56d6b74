"""Settings of the unit tests."""

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")  # figures without a window, also where there is a desktop

# The same examples in every run, and no limit on a single one: a slow machine is no failure.
settings.register_profile("series", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("series")


@pytest.fixture(autouse=True)
def own_figure_style():
    """A test that sets the series' look leaves the next test's figures as they were."""
    with matplotlib.rc_context():
        yield
