"""The commands of the course: their options, messages and exit codes. It knows nothing of PyTorch: see `NAMES`."""

from __future__ import annotations

import argparse
import os
import sys

# __main__ runs these before it imports PyTorch, which may be what is broken
NAMES = ("work", "doctor", "hand-in", "release", "grade", "demo-submissions")

GRADE = """Judge every hand-in of a folder (NAME/04_x.ipynb, NAME_04.ipynb, hand-in zips) and write four files:
report.csv (name, exercise, verdict, mistake), report.html (for the evening: what to discuss, who did what, flags),
check-in.md (the check-in table, 打卡) and to_read.html (open experiments and closing answers beside their rubrics).
A run that was stopped goes on where it was.

THIS RUNS YOUR LEARNERS' CODE ON YOUR MACHINE. Each notebook has a process and a folder of its own. That process has no
exercises in it; it runs the cells that the answers need and sends back numbers, and what the notebook shows or says of
itself counts for nothing. The cases are drawn anew for each report. Whether a letter or a number was tried at home
until the check was content, nobody can tell.

What holds where:                          Linux   macOS   Windows
  time per exercise (--seconds)            yes     yes     yes
  memory (--memory)                        yes     no      no
  size of files, computing time            yes     yes     no
  what it prints is dropped                yes     yes     yes
  what it started is ended with it         yes     most    most
  no writing outside its folder, no other
  programs, no network, no answers read    for Python code, on all three; code that goes round Python is not held

Against somebody who means harm, use a container without a network, such as
  docker run --rm --network none --memory 4g --pids-limit 200 -v "$PWD":/work -w /work YOUR_IMAGE \\
    python -m nfm_tutorial grade hand_ins --out report
with the package installed in YOUR_IMAGE, or another user of the system without rights."""


def add(commands) -> None:
    """Add the course's commands to a parser's (`argparse`'s subparsers)."""
    work = commands.add_parser("work", help="make your working copy of the notebooks, or bring it up to date")
    work.add_argument("folder", nargs="?", metavar="DIR", help="where (default: my in the project's folder)")
    commands.add_parser("doctor", help="check the installation; prints what to send when you ask for help")
    chapters = {"metavar": "1-4,D2", "help": "which chapters"}
    hand = commands.add_parser("hand-in", help="zip your notebooks for the group, with a check-in line to paste")
    hand.add_argument("name", help="yours, as the group knows you")
    hand.add_argument("--minutes", help="how long you worked")
    hand.add_argument("--learned", default="", metavar="SENTENCE", help="one sentence of what you learned")
    hand.add_argument("--chapters", **chapters)
    hand.add_argument("--folder", metavar="DIR", help="your notebooks (default: here, or my in the project's folder)")
    out = commands.add_parser("release", help="zip chapters to hand out, unsolved, without the solutions")
    out.add_argument("folder", metavar="DIR", help="where to write the zip")
    out.add_argument("--chapters", **chapters)
    out.add_argument("--bare", action="store_true", help="headings, tasks and code, to work through once more")
    out.add_argument("--zh", action="store_true", help="the Chinese edition, of chapters that are wholly translated")
    form = argparse.RawDescriptionHelpFormatter
    grade = commands.add_parser(
        "grade", help="judge a folder of hand-ins; runs learners' code", description=GRADE, formatter_class=form
    )
    grade.add_argument("folder", metavar="SUBMISSIONS_DIR")
    grade.add_argument("--out", default="report", metavar="DIR", help="folder for the reports (default: report)")
    grade.add_argument("--jobs", type=int, help="notebooks at a time (default: one per core, at most 4)")
    grade.add_argument("--seconds", type=float, default=60.0, help="per exercise, on the clock (default: 60)")
    grade.add_argument("--memory", type=float, default=2.0, metavar="GB", help="beyond what PyTorch takes (default: 2)")
    grade.add_argument("--again", action="store_true", help="judge anew what an earlier run judged")
    grade.add_argument("--zh", action="store_true", help="the reports in Chinese")
    demo = commands.add_parser("demo-submissions", help="write six hand-ins to rehearse grading with")
    demo.add_argument("folder", metavar="DIR")
    demo.add_argument("--chapter", default="4", help="which chapter they are of (default: 4)")


def run(given: argparse.Namespace) -> int:
    """Run one of the course's commands. Exit codes: 0; 1 if something failed or is not in order."""
    try:
        return _run(given)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    if given.command == "doctor":
        from .doctor import doctor

        return doctor()
    if given.command == "work":
        from .workspace import update

        report = update(given.folder)
        print("\n".join(report.lines))
        return 1 if report.failed else 0
    if given.command == "hand-in":
        from . import hand_in

        hand_in(given.name, given.minutes, given.learned, given.chapters, given.folder)
    elif given.command == "release":
        from .release import main as release

        release(given.folder, given.chapters, given.bare, given.zh)
    elif given.command == "demo-submissions":
        from .demo import main as demo

        demo(given.folder, given.chapter)
    else:
        _grade(given)
    return 0


def _grade(given: argparse.Namespace) -> None:
    from .grade import grade
    from .remote import Limits

    jobs = 1 if given.jobs is None else given.jobs
    if not 1 <= given.seconds <= 3600 or not 0.1 <= given.memory <= 1024 or jobs < 1:
        raise ValueError("--seconds must be 1 to 3600, --memory 0.1 to 1024 GB, --jobs at least 1")
    limits = Limits(given.seconds, int(given.memory * 2**30))
    grade(given.folder, given.out, given.jobs, limits, given.again, chinese=given.zh)


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
