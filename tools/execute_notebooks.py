"""Run notebooks in place, the way they are committed: once, in order, from an empty kernel.

    python tools/execute_notebooks.py                        all notebooks
    python tools/execute_notebooks.py notebooks/01_x.ipynb   one of them

A notebook that raises an error (in a cell without the tag raises-exception) or writes to stderr is left as it
was, and the exit code is 1. What differs from run to run or from machine to machine is not stored: timings,
widget state, the Python version.
"""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
CELL_METADATA = ("tags", "minutes", "jupyter")  # what finish_notebooks writes
CELL_TIMEOUT = 300  # seconds, as in pyproject.toml

# The kernel inherits these; conftest.py sets the same for `pytest --nbval`.
os.environ["TQDM_DISABLE"] = "1"
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NFM_TUTORIAL_PROGRESS"] = "off"  # a reader's own progress is neither shown nor changed
os.environ.pop("MPLBACKEND", None)  # figures go into the notebook, whatever the caller's shell says

import nbformat  # noqa: E402
from jupyter_client import KernelManager  # noqa: E402
from jupyter_client.kernelspec import KernelSpecManager  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: E402

from nfm_tutorial.files import replacing  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
import finish_notebooks  # noqa: E402


class NotebookFailed(Exception):
    """A notebook cannot be committed as it is; the message names the cell."""


def notebooks_under(paths):
    """The notebooks that the files and folders in `paths` name, sorted, without checkpoints and the Chinese edition.

    translate.py builds that one from the notebooks that were run.
    """
    found = []
    for path in paths:
        if path.is_dir():
            here = [(p, p.relative_to(path).parts) for p in sorted(path.rglob("*.ipynb"))]
            found += [p for p, parts in here if "zh" not in parts and not any(q.startswith(".") for q in parts)]
        elif path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(f"no such notebook or folder: {path}")
    return found


def execute(nb, folder):
    """Run `nb` from an empty kernel of this Python environment, in `folder`; outputs are replaced."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # No kernel folders: "python3" is then the kernel of this environment, never one that the user installed.
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        nb,
        km=manager,
        kernel_name="python3",
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotebookFailed(str(error)) from None
    finally:
        if manager.has_kernel:  # the client stops only kernels that it made itself
            manager.shutdown_kernel(now=True)


def clean(nb):
    """Keep only what the source and one run determine."""
    nb.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO})
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict({k: cell.metadata[k] for k in CELL_METADATA if k in cell.metadata})


def check_outputs(nb):
    """Raise NotebookFailed if a cell wrote to stderr."""
    for number, cell in enumerate(nb.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                raise NotebookFailed(f"cell {number} wrote to stderr:\n{output.text}\n\nThe cell:\n{cell.source}")


def run(path):
    """Execute, check, clean and write one notebook; return the seconds that its run took."""
    nb = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    execute(nb, path.resolve().parent)
    seconds = time.perf_counter() - start
    check_outputs(nb)
    clean(nb)
    if finish_notebooks.is_chapter(path):
        finish_notebooks.finish(nb, path.resolve())
    nbformat.validate(nb)
    with replacing(path) as part:  # an interrupted run leaves no half notebook
        part.write_text(nbformat.writes(nb).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    return seconds


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Run notebooks in place, the way they are committed.")
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "notebooks"], metavar="PATH")
    failed = 0
    for path in notebooks_under(parser.parse_args(arguments).paths):
        try:
            print(f"{path.name}: {run(path):.1f} s", flush=True)
        except NotebookFailed as error:
            failed += 1
            print(f"{path.name}: FAILED, not changed\n{error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
