"""`pytest --nbval notebooks/` runs the English edition, from which this one is built.

`--zh`, or the name of this folder or of a notebook in it, runs this one.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent


def named(arguments, folder):
    """Whether one of pytest's arguments is the Chinese edition, or lies within it."""
    paths = [(folder / argument.split("::")[0]).resolve() for argument in map(str, arguments)]
    return any(HERE in (path, *path.parents) for path in paths)


def pytest_ignore_collect(collection_path, config):
    wanted = config.getoption("--zh", default=False) or named(config.args, config.invocation_params.dir)
    return None if wanted else True
