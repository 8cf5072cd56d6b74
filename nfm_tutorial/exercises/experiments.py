"""Open experiments: `report` records what the reader measured, and checks the form of it, never the content.

The form: the same three or more seeds for A and B, one finite difference A - B per seed, its 95 % interval, and a
conclusion that agrees with that interval.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from dataclasses import dataclass, field

import numpy as np

from . import progress, sandbox
from .language import columns, mark, say, spoken
from .registry import EXPERIMENTS
from .todo import TODO, unfinished
from .values import Unusable, describe_kind, to_array
from .verdict import NOT_ATTEMPTED, REPORTED, UNKNOWN, WRONG, Fault, Spoken, Verdict, show

CONCLUSIONS = (mark("A better"), mark("B better"), mark("no difference"))
FEWEST_SEEDS = 3
_FROM_0_TO_1 = re.compile(r"\b(AUC|HR|NDCG)\b")  # metrics that lie there
_results: dict[str, list[dict]] = {}  # of this kernel, by the experiment's name
_TEXTS, _NUMBERS = ("a", "b", "metric", "setting", "seeds", "conclusion"), ("mean", "low", "high")


@dataclass(frozen=True, eq=False, repr=False)
class Report(Spoken):
    """What `report` returns: the verdict on the form, this result in words, and the table of all results so far.

    True in an `if` when the form is right. rows: dicts with a, b, metric, setting, seeds, mean, low, high, conclusion.
    """

    verdict: Verdict
    line: str = ""
    rows: tuple[dict, ...] = ()
    language: str = field(default_factory=spoken)

    def __bool__(self) -> bool:
        return self.verdict.status == REPORTED

    def _text(self) -> str:
        lines = [repr(self.verdict), *([f"  {self.line}"] if self.line else [])]
        if self.rows:
            table = [tuple(map(say, _HEAD)), *map(_cells, self.rows)]
            widths = [max(map(columns, column)) for column in zip(*table)]
            lines += ["  " + say("results so far:")]
            padded = [[text + " " * (width - columns(text)) for text, width in zip(row, widths)] for row in table]
            lines += ["    " + "  ".join(row).rstrip() for row in padded]
        return "\n".join(lines)

    def _html(self) -> str:
        text = self.verdict._repr_html_() + (f"<div>{html.escape(self.line)}</div>" if self.line else "")
        if self.rows:
            body = "".join(f"<tr>{_html_cells(_cells(row), 'td')}</tr>" for row in self.rows)
            text += f"<table><tr>{_html_cells(map(say, _HEAD), 'th')}</tr>{body}</table>"
        return text


_HEAD = ("A", "B", mark("metric"), mark("seeds"), mark("mean A - B"), mark("95 % interval"))
_HEAD += (mark("conclusion"), mark("setting"))


def _cells(row: dict) -> tuple[str, ...]:
    numbers = f"{row['mean']:+.3g}", _interval(row)
    return (row["a"], row["b"], row["metric"], _seeds_of(row), *numbers, say(row["conclusion"]), row["setting"])


def _seeds_of(row: dict) -> str:
    first, _, last = row["seeds"].partition(" to ")
    return say("{first} to {last}", first=first, last=last) if last else first


def _html_cells(texts, tag: str) -> str:
    return "".join(f'<{tag} style="text-align: left;">{html.escape(text)}</{tag}>' for text in texts)


def _interval(row: dict) -> str:
    return f"[{row['low']:+.3g}, {row['high']:+.3g}]"


def report(
    experiment, a=TODO, b=TODO, differences=TODO, setting=TODO, conclusion=TODO, metric=TODO, seeds=None
) -> Report:
    """Record what you found in an open experiment, show the table of all results so far, and return it. Never raises.

    experiment: its number, such as "1.8", or its name. a, b: what you compare, in words. differences: the metric of A
    minus that of B, one number per seed, three seeds at least. setting: what A and B share, such as {"epochs": 4}.
    conclusion: "A better", "B better" or "no difference". metric: one that the experiment names. seeds: which;
    None: 0, 1, 2 and so on. A result with the same a, b, metric and setting replaces the earlier one.
    """
    with sandbox.own_builtins():
        given = {"a": a, "b": b, "differences": differences, "setting": setting, "seeds": seeds}
        shown = _report(experiment, {**given, "conclusion": conclusion, "metric": metric})
        show(shown)
    return shown


def _report(key, given: dict) -> Report:
    id = EXPERIMENTS.id_of(_plain(key)) if isinstance(key, str) else None
    if id is None:
        known = ", ".join(EXPERIMENTS)
        message = say("There is no such experiment. The experiments are {known}; the rest is for check.", known=known)
        if isinstance(key, str):
            return Report(Verdict(key[:40], "", UNKNOWN, message))
        meant = key if str(key) in EXPERIMENTS else next(iter(EXPERIMENTS))
        hint = say('Write the number in quotes: report("{key}", ...).', key=meant)
        return Report(Verdict("report", "", UNKNOWN, message, hint=hint))
    task, row = EXPERIMENTS[id], {}
    if unfinished(given["differences"]):
        return Report(Verdict(id, say(task.title), NOT_ATTEMPTED), rows=tuple(results(task.name)))
    try:
        fault = sandbox.calmly(lambda: _judge(task, given, row))
    except Exception as error:  # a defect here, not the learner's: say so instead of breaking Run All
        message = say("The check itself failed ({error}); please report it.", error=type(error).__name__)
        fault = Fault(message, key="defect")
    line = ""
    if row:
        numbers = {"mean": f"{row['mean']:+.3g}", "interval": _interval(row), "sign": sign(task, row)}
        line = say("mean A - B = {mean}, 95 % interval {interval}; {sign}.", **numbers)
    if fault:
        verdict = Verdict(id, say(task.title), WRONG, fault.message, fault.key, hint=fault.hint)
        return Report(verdict, line, tuple(results(task.name)))
    replaced = next((old for old in results(task.name) if _same(old) == _same(row) and old != row), None)
    if replaced:
        numbers = {"mean": f"{replaced['mean']:+.3g}", "interval": _interval(replaced), "seeds": _seeds_of(replaced)}
        line += say(
            " It replaces an earlier result with the same A, B, metric and setting: {mean} {interval}, seeds {seeds}.",
            **numbers,
        )
    return Report(Verdict(id, say(task.title), REPORTED), line, tuple(_record(task.name, row)))


def sign(task, row: dict) -> str:
    """What the sign of a difference means."""
    if task.metrics[row["metric"]]:
        return say("higher {metric} is better, so above 0 speaks for A", metric=row["metric"])
    return say("lower {metric} is better, so above 0 speaks for B", metric=row["metric"])


def _judge(task, given: dict, row: dict) -> Fault | None:
    """The first fault of form. Fills `row` as soon as there is an interval."""
    from ..metrics import paired_interval

    for name in "ab":
        if not isinstance(given[name], str) or not given[name].strip():
            message = say("{name} must say in words what {letter} is.", name=name, letter=name.upper())
            return Fault(message, say('Such as {name}="FM k=4".', name=name), name)
    a, b = _plain(given["a"]), _plain(given["b"])
    if a == b:
        message = say('A and B have the same name, "{name}".', name=a)
        return Fault(message, say("Say in a and b what is different."), "same names")
    names = {_key(name): name for name in task.metrics}
    metric = names.get(_key(given["metric"])) if isinstance(given["metric"], str) else None
    if metric is None:
        known = say(" or ").join(f'metric="{name}"' for name in task.metrics)
        message = say("The metric is not named, or it is none that this experiment knows.")
        return Fault(message, say("Write {known}.", known=known), "metric")
    try:
        values = to_array(given["differences"])
    except Unusable:
        kind = describe_kind(given["differences"])
        message = say("differences is {kind}; a list of numbers is expected.", kind=kind)
        return Fault(message, say("One number per seed: the metric of A minus that of B."), "differences")
    if values.ndim != 1:
        shape = values.shape
        message = say("differences has shape {shape}; a plain list is expected, one number per seed.", shape=shape)
        return Fault(message, say("Subtract B from A seed by seed; take no mean."), "differences")
    if len(values) < FEWEST_SEEDS:
        count = {"n": len(values), "fewest": FEWEST_SEEDS}
        message = say("There are {n} differences; at least {fewest} seeds are needed.", **count)
        hint = say("Add seeds to the loop. With few of them the interval is very wide.")
        return Fault(message, hint, "seeds")
    if not np.isfinite(values).all():
        where = int((~np.isfinite(values)).argmax()) + 1
        message = say("Difference {number} is not a finite number.", number=where)
        return Fault(message, say("Did a training diverge? Print the metric of A and of B for that seed."), "nan")
    too_large = np.abs(values) > _widest(metric)
    if too_large.any():
        i = int(too_large.argmax())
        told = {"number": i + 1, "value": f"{values[i]:+.3g}", "metric": metric, "widest": _widest(metric)}
        message = say(
            "Difference {number} is {value}: impossible, as two values of {metric} differ by {widest} at most.", **told
        )
        hint = say("Report the metric as it is: not in percent, and not times 1,000.")
        return Fault(message, hint, "impossible")
    if (values == values[0]).all():
        number = f"{values[0]:.6g}"
        message = say("All {n} differences are the same number, {number}.", n=len(values), number=number)
        hint = say("Does the seed reach the model and the training? And does the setting that you vary?")
        return Fault(message, hint, "all the same")
    seeds = list(range(len(values))) if given["seeds"] is None else _list(given["seeds"])
    if seeds is None or len(set(map(str, seeds))) != len(values) or len(seeds) != len(values):
        message = say("seeds must name {n} different seeds, one per difference.", n=len(values))
        hint = say("A and B run with the same seeds: for seed in range(5), then seeds=range(5).")
        return Fault(message, hint, "seeds")
    if unfinished(given["setting"]) or not isinstance(given["setting"], (dict, str)) or not given["setting"]:
        hint = say('Say what A and B share: setting={"epochs": 4}.')
        return Fault(say("The setting is missing."), hint, "setting")
    mean, low, high = paired_interval(values)
    if not all(map(math.isfinite, (mean, low, high))):
        message = say("The differences are too large to take their mean.")
        return Fault(message, say("Did a training diverge?"), "nan")
    row |= {"a": a, "b": b, "metric": metric, "setting": _setting(given["setting"]), "mean": mean, "low": low}
    row |= {"high": high, "seeds": _seeds(seeds), "conclusion": ""}
    return _judge_conclusion(task, given["conclusion"], row)


def _widest(metric: str) -> float:
    """The largest difference of two values of a metric. What is lost of one is a difference itself."""
    return (2 if metric.endswith(" lost") else 1) if _FROM_0_TO_1.search(metric) else math.inf


def _judge_conclusion(task, given, row: dict) -> Fault | None:
    known = {_key(text).replace(" is ", " "): text for text in CONCLUSIONS}
    known |= {_key(say(text)): text for text in CONCLUSIONS}  # as the table shows it in another language
    typed = _key(given) if isinstance(given, str) else ""
    chosen = known.get(typed.replace(" is ", " ")) or known.get(typed.replace(" ", ""))
    if chosen is None:
        missing, none = say("The conclusion is still missing."), say("The conclusion is none of the three.")
        known = ", ".join(f'conclusion="{text}"' for text in CONCLUSIONS)
        hint = say("Look at the interval, then write one of: {known}.", known=known)
        return Fault(missing if unfinished(given) else none, hint, "conclusion")
    row["conclusion"] = chosen
    higher = task.metrics[row["metric"]]
    where = "above" if row["low"] > 0 else "below" if row["high"] < 0 else "around"
    agrees = {"above": CONCLUSIONS[not higher], "below": CONCLUSIONS[higher], "around": CONCLUSIONS[2]}[where]
    if chosen == agrees:
        return None
    told = {"interval": _interval(row), "chosen": chosen}
    if where == "around":
        message = say('The interval {interval} contains 0, so these seeds do not show "{chosen}".', **told)
        hint = say('Write "no difference": none that these seeds show. Or decide on more seeds, and run all of them.')
        return Fault(message, hint, "disagrees")
    above = say('The interval {interval} lies above 0, which does not agree with "{chosen}".', **told)
    below = say('The interval {interval} lies below 0, which does not agree with "{chosen}".', **told)
    message = above if where == "above" else below
    hint = say("The differences are A minus B, and {sign}.", sign=sign(task, row))
    if chosen == CONCLUSIONS[2]:
        hint += say(" Whether a difference of that size matters is for your text.")
    return Fault(message, hint, "disagrees")


def results(name: str) -> list[dict]:
    """The results of an experiment so far, those of earlier kernels first."""
    kept = progress.load(progress.EXPERIMENTS).get(name)
    found = {_same(row): row for row in (kept if isinstance(kept, list) else []) if _is_row(row)}
    found |= {_same(row): row for row in _results.get(name, ())}
    return list(found.values())


def _record(name: str, row: dict) -> list[dict]:
    rows = [old for old in results(name) if _same(old) != _same(row)] + [row]
    _results[name] = rows
    progress.save(progress.EXPERIMENTS, name, rows)
    return rows


def _same(row: dict) -> tuple:
    return tuple(row[key] for key in ("a", "b", "metric", "setting"))


def _is_row(row) -> bool:
    return (
        isinstance(row, dict)
        and all(isinstance(row.get(key), str) for key in _TEXTS)
        and all(isinstance(row.get(key), (int, float)) and math.isfinite(row[key]) for key in _NUMBERS)
    )


def _list(values) -> list | None:
    try:
        return [int(value) for value in values]
    except Exception:
        return None


def _seeds(seeds: list[int]) -> str:
    first, last = seeds[0], seeds[-1]
    return f"{first} to {last}" if seeds == list(range(first, last + 1)) else ", ".join(map(str, seeds))


def _setting(setting) -> str:
    items = setting.items() if isinstance(setting, dict) else ()
    return _plain(", ".join(f"{key}={value}" for key, value in items) or str(setting))[:200]


def _plain(text: str) -> str:
    """In one line, without full-width characters."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _key(text: str) -> str:
    return _plain(text).strip(" .!\"'。“”「」").casefold()
