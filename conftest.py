"""What every test and every notebook kernel needs, set before pytest starts a kernel (kernels inherit it)."""

import os

os.environ["TQDM_DISABLE"] = "1"  # tqdm reads this itself: no progress bars in compared outputs
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no debugger warning on a kernel's stderr at start-up
# PyTorch's threads wait by spinning. On a machine whose cores are busy that makes small steps 20 times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
