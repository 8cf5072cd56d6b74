"""The commands of the course: their options, messages and exit codes. It knows nothing of PyTorch: see `NAMES`."""

from __future__ import annotations

import argparse
import os
import sys

NAMES = ("work", "doctor")  # __main__ runs these before it imports PyTorch, which may be what is broken


def add(commands) -> None:
    """Add the course's commands to a parser's (`argparse`'s subparsers)."""
    work = commands.add_parser("work", help="make your working copy of the notebooks, or bring it up to date")
    work.add_argument("folder", nargs="?", metavar="DIR", help="where (default: my in the project's folder)")
    commands.add_parser("doctor", help="check the installation; prints what to send when you ask for help")


def run(given: argparse.Namespace) -> int:
    """Run one of the course's commands. Exit codes: 0; 1 if something failed or is not in order."""
    if given.command == "doctor":
        from .doctor import doctor

        return doctor()
    from .workspace import update

    try:
        report = update(given.folder)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(report.lines))
    return 1 if report.failed else 0


def main(arguments: list[str]) -> int:
    """The command line with these commands alone."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a folder's name may have letters that the terminal has not
            stream.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="python -m nfm_tutorial")
    add(parser.add_subparsers(dest="command", required=True))
    try:
        return run(parser.parse_args(arguments))
    except KeyboardInterrupt:
        print("interrupted; nothing half-written is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where Python's last flush may go
        return 141
