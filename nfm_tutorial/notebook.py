"""One call that makes what a notebook shows the same for every reader, whatever their shell and profile say.

This module knows neither data nor models.
"""

from __future__ import annotations

import os
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from . import plotting

VERDICTS = {"better": "#009E73", "holds": "#009E73", "worse": "#D55E00", "fails": "#D55E00"}  # Okabe-Ito
VERDICTS |= dict.fromkeys(("no difference", "open"), "#0072B2")


def start() -> None:
    """Set what shells and profiles change: warnings, figures, how numbers and tables print, the number of threads.

    For the first code cell, after the imports; prints nothing. PyTorch gets OMP_NUM_THREADS threads, else one: for
    steps this small one is as fast as two, and on busy cores up to 20 times faster.
    """
    warnings.filters[:] = [kept for kept in warnings.filters if kept[1]]  # about one message: a library's own
    for category in (ResourceWarning, ImportWarning, PendingDeprecationWarning, DeprecationWarning):
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None):  # a notebook, not IPython in a terminal and not a script
        _notebook_defaults(shell)
    plt.rcdefaults()
    plotting.style()
    np.set_printoptions(precision=8, threshold=1000, edgeitems=3, linewidth=75, suppress=False, nanstr="nan")
    np.set_printoptions(infstr="inf", formatter=None, sign="-", floatmode="maxprec", legacy=False)
    np.seterr(all="warn", under="ignore")
    torch.set_printoptions(profile="default")
    threads = os.environ.get("OMP_NUM_THREADS", "")
    torch.set_num_threads(max(int(threads), 1) if threads.isdecimal() else 1)
    pd.reset_option(r"^(display|future)\.")


def _notebook_defaults(shell) -> None:
    """Figures as PNG in the notebook, also where MPLBACKEND says otherwise; IPython's own way of showing values."""
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib_inline.config import InlineBackend

    shell.ast_node_interactivity = "last_expr"
    shell.enable_matplotlib("inline")
    figures = InlineBackend.instance(parent=shell)
    for part in (figures, shell.display_formatter.formatters["text/plain"]):
        for name in part.trait_names(config=True):
            setattr(part, name, part.trait_defaults(name))
    figures.figure_formats = {"retina"}  # twice plotting's 100 dots per inch, shown at the same size
    select_figure_formats(shell, figures.figure_formats, **figures.print_figure_kwargs)


def table(frame: pd.DataFrame, index: bool = True) -> None:
    """Show a result table: aligned text, and HTML with aligned numbers and its verdicts in colour.

    frame: numbers rounded as they are to be shown. index: whether its index says something.
    """
    from IPython.display import display

    page = frame.to_html(index=index, border=0)
    for verdict, colour in VERDICTS.items():
        page = page.replace(f"<td>{verdict}</td>", f'<td><b style="color: {colour}">{verdict}</b></td>')
    display({"text/plain": frame.to_string(index=index), "text/html": page}, raw=True)
