"""notebook.start: what a notebook shows is the same in every shell and profile; and importing changes nothing."""

import json
import os
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from nfm_tutorial import notebook

IMPORTS = """import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import warnings

from nfm_tutorial import notebook"""
# Each of these shows something else in the hostile kernel below.
PROBES = {
    "only the last value": "1 + 1\n2 + 2",
    "a number": "1 / 3",
    "a list": "list(range(12))",
    "an array": "np.array([1 / 3, 1e-9])",
    "a tensor": "torch.tensor([1 / 3, 1e-9])",
    "a table": "pd.DataFrame({'third': np.arange(70) / 3})",
    "a figure": "plt.plot([1, 2])\nplt.show()",
    "filters": "[(action, kind.__name__) for action, message, kind, module, line in warnings.filters if not message]",
    "warnings of NumPy": "print(np.geterr())",
    "threads": "print(torch.get_num_threads())",
}
STARTUP = """
import warnings
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

np.set_printoptions(precision=2, suppress=True, sign="+")
np.seterr(all="ignore")
pd.options.display.precision = 2
pd.options.display.max_rows = 4
torch.set_printoptions(precision=1, sci_mode=True)
torch.set_num_threads(2)
plt.style.use("dark_background")
plt.rcParams["figure.figsize"] = (3, 2)
warnings.simplefilter("always")
"""
PROFILE = """
c = get_config()
c.InteractiveShell.ast_node_interactivity = "all"
c.PlainTextFormatter.float_precision = "2"
c.PlainTextFormatter.max_width = 30
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.rc = {"figure.dpi": 50}
"""


def shown(env, *sources):
    """The outputs of each of `sources`, run as cells of one notebook in a kernel with the variables `env`."""
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(nb, km=manager, timeout=120, extra_arguments=["--log-level=ERROR"])
    try:
        client.execute(env=env)
    finally:
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
    return [[{**output, "execution_count": None} for output in cell.outputs] for cell in nb.cells]


def environment(folder, **settings):
    """This process's, without what readers set; IPython finds its profile in `folder`."""
    ours = ("MPLBACKEND", "PYTHONWARNINGS", "OMP_NUM_THREADS")
    rest = {name: value for name, value in os.environ.items() if name not in ours}
    return {**rest, "IPYTHONDIR": str(folder), **settings}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ipython")
    (folder / "profile_default" / "startup").mkdir(parents=True)
    (folder / "profile_default" / "startup" / "00.py").write_text(STARTUP, encoding="utf-8")
    (folder / "profile_default" / "ipython_kernel_config.py").write_text(PROFILE, encoding="utf-8")
    return environment(folder, MPLBACKEND="Agg", PYTHONWARNINGS="default")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    started = f"{IMPORTS}\n\nnotebook.start()"
    return shown(environment(tmp_path_factory.mktemp("clean"), OMP_NUM_THREADS="1"), started, *PROBES.values())


def test_a_hostile_kernel_shows_what_a_clean_one_shows(hostile, clean):
    first, *probes = shown(hostile, f"{IMPORTS}\n\nnotebook.start()", *PROBES.values())
    assert first == clean[0] == []
    assert dict(zip(PROBES, probes)) == dict(zip(PROBES, clean[1:]))
    (figure,) = dict(zip(PROBES, probes))["a figure"]
    assert set(figure["data"]) == {"image/png", "text/plain"}


def test_without_the_call_every_probe_shows_something_else(hostile, clean):
    _, *probes = shown(hostile, IMPORTS, *PROBES.values())
    assert [name for name, got, wanted in zip(PROBES, probes, clean[1:]) if got == wanted] == []


def test_a_format_chosen_by_a_call_is_undone(tmp_path, clean):
    svg = "from matplotlib_inline.backend_inline import set_matplotlib_formats\nset_matplotlib_formats('svg')"
    *_, figure = shown(environment(tmp_path), f"{IMPORTS}\n{svg}", "notebook.start()", PROBES["a figure"])
    assert figure == clean[1 + list(PROBES).index("a figure")]


def python(source, **settings):
    env = environment("none", **settings)
    done = subprocess.run([sys.executable, "-c", source], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


STATE = """
import json, os, pkgutil, warnings
import matplotlib, matplotlib.pyplot, numpy, pandas, pooch, scipy.stats, sklearn.metrics, torch, tqdm

def state():
    pandas_options = {name: repr(pandas.get_option(name)) for name in ("display.precision", "display.max_rows")}
    return repr((dict(os.environ), dict(matplotlib.rcParams), torch.get_num_threads(), torch.get_default_dtype(),
        warnings.filters, numpy.get_printoptions(), numpy.geterr(), pandas_options, os.getcwd()))

"""


def test_importing_any_module_changes_nothing():
    source = STATE + (
        "before = state()\n"
        "import importlib, nfm_tutorial\n"
        "names = [m.name for m in pkgutil.walk_packages(nfm_tutorial.__path__, 'nfm_tutorial.')]\n"
        "for name in names:\n"
        "    importlib.import_module(name)\n"
        "    assert state() == before, name\n"
        "print(json.dumps(names))"
    )
    known = {"nfm_tutorial.notebook", "nfm_tutorial.exercises.tasks.pool_by_identity", "nfm_tutorial.data.planted"}
    assert known <= set(json.loads(python(source, MPLBACKEND="Agg", OMP_NUM_THREADS="2")))


def test_threads_are_those_of_the_shell_or_one():
    source = """import os, torch
from nfm_tutorial import notebook
for given in ("2", "", "4", "0", "two"):
    os.environ["OMP_NUM_THREADS"] = given
    torch.set_num_threads(3)
    notebook.start()
    print(torch.get_num_threads())
del os.environ["OMP_NUM_THREADS"]
torch.set_num_threads(3)
notebook.start()
print(torch.get_num_threads())"""
    assert python(source).split() == ["2", "1", "4", "1", "1", "1"]


def test_a_script_keeps_its_backend():
    source = "from nfm_tutorial import notebook\nnotebook.start()\nimport matplotlib\nprint(matplotlib.get_backend())"
    assert python(source, MPLBACKEND="svg") == "svg\n"


def test_a_script_gets_the_look_and_the_warnings_of_a_plain_python():
    filters = "import warnings\nprint([(f[0], f[2].__name__, bool(f[3])) for f in warnings.filters if not f[1]])\n"
    start = "from nfm_tutorial import notebook\nimport matplotlib\nnotebook.start()\n"
    look = "print(matplotlib.rcParams['axes.titlelocation'])\n"
    assert python(start + look + filters, PYTHONWARNINGS="always") == "left\n" + python(filters)


def test_a_table_is_text_and_a_page_with_coloured_verdicts(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    frame = pd.DataFrame({"claim": ["dropout <helps>", "batch norm helps"], "verdict": ["holds", "fails"]})
    notebook.table(frame, index=False)
    assert shown[0]["text/plain"] == frame.to_string(index=False)
    page = shown[0]["text/html"]
    assert "&lt;helps&gt;" in page and "<td>holds" not in page
    assert f'color: {notebook.VERDICTS["holds"]}">holds<' in page and notebook.VERDICTS["fails"] in page
    assert notebook.VERDICTS["holds"] != notebook.VERDICTS["fails"] != notebook.VERDICTS["no difference"]
