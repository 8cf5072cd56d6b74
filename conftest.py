"""What every test and every notebook kernel needs, set before pytest starts a kernel (kernels inherit it)."""

import os

os.environ["TQDM_DISABLE"] = "1"  # tqdm reads this itself: no progress bars in compared outputs
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no debugger warning on a kernel's stderr at start-up
# One thread is as fast as two for steps this small, and stays so on a machine whose cores are busy: there, threads that
# wait for each other make a step up to 20 times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser):
    parser.addoption("--zh", action="store_true", help="run the Chinese edition as well, notebooks/zh")
