"""The Chinese edition: catalogues of what is to be translated, and the pages built from them.

    python tools/translate.py             update locale/zh_CN/**.po, build notebooks/zh and docs/zh (make zh)
    python tools/translate.py --strict    and fail if an entry is missing or fuzzy (make zh STRICT=1)
    python tools/translate.py --status    only count, and check the translations by translation_rules.py

One catalogue per notebook and guide, one for what notebooks share (notebooks.po), one for the checks and the reports on
hand-ins (checks.po, also compiled for the package). An entry is a text in one line, as translation_units.py cuts it. A
text that changed finds its old translation by Babel's similarity and becomes fuzzy; a missing or fuzzy one is built in
English, marked.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

sys.path.insert(0, str(Path(__file__).resolve().parent))
import translation_rules  # noqa: E402
import translation_units  # noqa: E402

from nfm_tutorial.exercises import language  # noqa: E402
from nfm_tutorial.exercises.exercise import Choice, Exercise, Experiment, Number  # noqa: E402
from nfm_tutorial.exercises.experiments import Report  # noqa: E402
from nfm_tutorial.exercises.registry import EXERCISES, EXPERIMENTS  # noqa: E402
from nfm_tutorial.exercises.verdict import CORRECT, NOT_ATTEMPTED, REPORTED, Summary, Verdict  # noqa: E402
from nfm_tutorial.files import replacing  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
LANGUAGE = language.CHINESE
TO_DO = "（待更新）"  # behind an English text whose translation is missing or fuzzy
HEADER = f"""msgid ""
msgstr ""
"Language: {LANGUAGE}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
SHARED, CHECKS = "notebooks", "checks"
OFTEN = 3  # a text of that many notebooks is shared
EDITION = r"^\[(?:中文版|English)\]\([^)\n]*\)\n\n?"  # the link to the other edition, below a page's title
IMPORT = "from nfm_tutorial.exercises import"
MINUTES = r"\*\*Minutes:\*\* (?P<all>\d+): (?P<reading>\d+) to read and run, (?P<exercises>\d+) for the exercises"
# Texts that tools write, with blanks; what stands in some of the blanks is translated as well.
FRAMES = [
    (
        r"Exercise (?P<number>D?\d+\.\d+): (?P<title>.*) \*\((?P<kind>[a-z ]+)\)\*",
        "Exercise {number}: {title} *({kind})*",
    ),
    (r"Exercise (?P<number>D?\d+\.\d+): (?P<title>.*)", "Exercise {number}: {title}"),
    (r"Solutions (?P<key>D?\d+): (?P<title>.*)", "Solutions {key}: {title}"),
    (MINUTES + r"\.", "**Minutes:** {all}: {reading} to read and run, {exercises} for the exercises."),
    (
        MINUTES + r", and one open experiment as homework\.",
        "**Minutes:** {all}: {reading} to read and run, {exercises} for the exercises, "
        "and one open experiment as homework.",
    ),
    (r"\*\*(?P<kind>A short answer|A good one|A very good one):\*\* (?P<text>.*)", "**{kind}:** {text}"),
    (r"(Replace `TODO` and run the check: .*)\]\((?P<link>[^)]+)\)(\..*)", None),  # the text itself, without its link
]
TRANSLATED = ("title", "kind", "text")
SAYING = ("say", "mark", "Unreadable")  # what is called with the messages of the checks and of the course's tools


# --- what there is to translate -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edition:
    """The series in one folder: the English pages, the catalogues, and the Chinese pages."""

    root: Path = ROOT

    @property
    def notebooks(self) -> list[Path]:
        """The English notebooks, chapters and solutions, relative to the root."""
        found = sorted(self.root.glob("notebooks/**/*.ipynb"))
        found = [path.relative_to(self.root) for path in found]
        return [path for path in found if path.parts[1] != "zh" and not any(p.startswith(".") for p in path.parts)]

    @property
    def guides(self) -> list[Path]:
        """The guides that have a Chinese page."""
        return [path.relative_to(self.root) for path in sorted(self.root.glob("docs/*.md"))]

    def catalogue(self, name: str) -> Path:
        return self.root / "locale" / LANGUAGE / f"{name}.po"

    @cached_property
    def compiled(self) -> Path:
        return self.root / "nfm_tutorial" / "exercises" / "locale" / f"{LANGUAGE}.mo"


def chinese(path: Path) -> Path:
    """Where the Chinese page of an English one lies; a page that has none is its own."""
    if path.parts[0] == "notebooks" and path.suffix == ".ipynb" or path.parts[0] == "docs" and path.suffix == ".md":
        return Path(path.parts[0], "zh", *path.parts[1:])
    return Path("README.zh-CN.md") if path == Path("README.md") else path


def name_of(path: Path) -> str:
    """The name of a page's catalogue."""
    return path.with_suffix("").as_posix()


def source(cell: dict) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def texts(path: Path, edition: Edition):
    """Pairs (place, Markdown text) of a page, without the links to the other edition and to the neighbours."""
    text = (edition.root / path).read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield "", re.sub(EDITION, "", text, flags=re.M)
        return
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "markdown" and cell["id"] != "navigation":
            yield cell["id"], re.sub(EDITION, "", source(cell), flags=re.M)


def keeper(path: Path):
    """Cells of tables that stay: the terms of the glossary, in both languages."""
    return (lambda column, text: column < 2 and text not in ("term", "中文")) if path.name == "glossary.md" else _none


def _none(column, text):
    return False


def framed(text: str) -> tuple[str, dict[str, str]]:
    """(the text with blanks, what stands in them) of a text that a tool wrote; other texts as they are."""
    for pattern, frame in FRAMES:
        if found := re.fullmatch(pattern, text):
            blanks = found.groupdict()
            return frame or text.replace(f"]({blanks['link']})", "]({link})"), blanks
    return text, {}


def filled(text: str, blanks: dict[str, str]) -> str:
    for name, value in blanks.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def flat(text: str) -> str:
    return " ".join(text.split())


def messages_of_checks() -> dict[str, list[str]]:
    """{message: where it stands}: what the engine and the course's tools say, file by file, then each task's texts."""
    found: dict[str, list[str]] = {}

    def add(text: str, place: str) -> None:
        if text and place not in found.setdefault(text, []):
            found[text].append(place)

    folder = ROOT / "nfm_tutorial" / "exercises"
    order = [*sorted(folder.glob("*.py")), *sorted((ROOT / "nfm_tutorial" / "course").glob("*.py"))]
    order += [folder / "tasks" / f"{e.name}.py" for e in _tasks()]
    said: dict[Path, list[str]] = {}
    for path in order:
        with path.open("rb") as file:
            options = {"encoding": "utf-8"}
            taken = extract("python", file, keywords=dict.fromkeys(SAYING), options=options)
            said[path] = [message for _, message, _, _ in taken if isinstance(message, str)]
    for path in order[: -len(_tasks())]:
        for message in said[path]:
            add(message, path.relative_to(ROOT).as_posix())
    for exercise, path in zip(_tasks(), order[-len(_tasks()) :]):
        place = path.relative_to(ROOT).as_posix()
        for text in [*texts_of(exercise), *said[path]]:
            add(text, place)
    return found


def _tasks() -> list:
    return [*EXERCISES.values(), *EXPERIMENTS.values()]


def texts_of(exercise) -> list[str]:
    """What an exercise says, in one line each, as the notebooks and the checks show it."""
    found = [exercise.title, *translation_units.units(exercise.spec)]
    if isinstance(exercise, Choice):
        found += [flat(text) for text, _ in exercise.choices] + [why for _, why in exercise.choices]
    if isinstance(exercise, Experiment):
        found += [flat(text) for text in exercise.rubric]
    else:
        found += exercise.hints
    if isinstance(exercise, Number):
        found += [why for _, why in exercise.wrong] + [exercise.fallback]
    if isinstance(exercise, Exercise):
        found.append(exercise.otherwise)
        found += [text for mistake in exercise.mistakes for text in (mistake.message, mistake.hint)]
    return found


def templates(edition: Edition) -> dict[str, dict[str, list[str]]]:
    """{catalogue: {text: where it stands}} of all that there is to translate, in the order of the pages."""
    checks = messages_of_checks()
    pages: dict[str, dict[str, list[str]]] = {}
    for path in [*edition.notebooks, *edition.guides]:
        page = pages.setdefault(name_of(path), {})
        for place, text in texts(path, edition):
            for unit in translation_units.units(text, keeper(path)):
                unit, blanks = framed(unit)
                for part in [unit, *(blanks[name] for name in TRANSLATED if name in blanks)]:
                    if part not in checks:
                        page.setdefault(part, []).append(path.as_posix() + (f"#{place}" if place else ""))
    count = Counter(text for name in map(name_of, edition.notebooks) for text in pages[name])
    names = [name_of(path) for path in edition.notebooks]
    shared = {"Home": []} | {text: [] for name in names for text in pages[name] if count[text] >= OFTEN}
    for name in names:
        pages[name] = {text: places for text, places in pages[name].items() if text not in shared}
    return {CHECKS: checks, SHARED: shared, **pages}


# --- catalogues -----------------------------------------------------------------------------------------------


def read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def updated(old: Catalog, template: dict[str, list[str]], memory: dict[str, str]) -> Catalog:
    """The catalogue with the texts of `template`, in its order; memory: translations that other catalogues have."""
    new = Catalog(locale=LANGUAGE)
    for text, places in template.items():
        new.add(text, locations=[(place, None) for place in dict.fromkeys(places)])
    old.update(new, update_header_comment=False)
    old.obsolete.clear()
    for message in old:
        if message.id and (message.fuzzy or not message.string) and message.id in memory:
            message.string = memory[message.id]
            message.flags.discard("fuzzy")
        if message.id:
            message.flags -= {"python-format", "python-brace-format"}
    return old


def written(catalogue: Catalog) -> str:
    """The file: no dates, no versions, one line per text, so that it changes only where the texts change."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return HEADER + file.getvalue().decode("utf-8").strip("\n") + "\n"


def good(catalogue: Catalog) -> dict[str, str]:
    """{English: Chinese} of the entries that count."""
    return {m.id: m.string for m in catalogue if m.id and m.string and not m.fuzzy}


def update(edition: Edition) -> dict[str, Catalog]:
    """The catalogues as they should be now; nothing is written."""
    wanted = templates(edition)
    old = {name: read(edition.catalogue(name)) for name in wanted}
    gone = [read(path) for path in sorted((edition.root / "locale").rglob("*.po"))]  # also of pages that moved
    memory = {text: said for catalogue in [*gone, *old.values()] for text, said in good(catalogue).items()}
    return {name: updated(old[name], template, memory) for name, template in wanted.items()}


def compiled(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def contents(mo: bytes) -> dict[str, str]:
    """The messages of a compiled catalogue, without its header, which holds Babel's version."""
    import gettext

    found = dict(gettext.GNUTranslations(io.BytesIO(mo))._catalog)
    found.pop("", None)
    return found


# --- pages ----------------------------------------------------------------------------------------------------


class Builder:
    """Builds Chinese pages of English ones from catalogues, {name: Catalog}."""

    def __init__(self, edition: Edition, catalogues: dict[str, Catalog]):
        self.edition, self.good = edition, {name: good(catalogue) for name, catalogue in catalogues.items()}
        self.any = {text: said for known in self.good.values() for text, said in known.items()}

    def said(self, text: str, name: str) -> str | None:
        """A text in Chinese, as one catalogue, the shared ones, or at last any other has it; None if none has."""
        for known in (self.good.get(name, {}), self.good.get(SHARED, {}), self.good.get(CHECKS, {}), self.any):
            if text in known:
                return known[text]
        return None

    def unit(self, text: str, name: str) -> str:
        frame, blanks = framed(text)
        said = [self.said(part, name) for part in [frame, *(blanks[key] for key in TRANSLATED if key in blanks)]]
        if None in said:
            return text + TO_DO
        translated = dict(zip([key for key in TRANSLATED if key in blanks], said[1:]))
        return filled(said[0], {**blanks, **translated})

    def markdown(self, text: str, path: Path) -> str:
        text = re.sub(EDITION, "", text, flags=re.M)
        text = translation_units.rebuilt(text, lambda unit: self.unit(unit, name_of(path)), keeper(path))
        return self.links(text, path)

    def links(self, text: str, path: Path) -> str:
        """Relative links lead from the Chinese page to Chinese pages where there are any."""

        def moved(found: re.Match) -> str:
            target, mark, anchor = found[1].partition("#")
            if not target or re.match(r"[a-z]+:", target):
                return found[0]
            wanted = Path(os.path.normpath(path.parent / target))
            there = os.path.relpath(chinese(wanted), chinese(path).parent).replace(os.sep, "/")
            return f"]({there}{mark}{anchor})"

        hidden = translation_units.masked(text)
        parts, end = [], 0
        for found in re.finditer(translation_units.LINK, hidden):
            parts += [text[end : found.start()], moved(found)]
            end = found.end()
        return "".join([*parts, text[end:]])

    def title(self, path: Path) -> str:
        """The Chinese title of a page, up to a colon, as the links between chapters say it."""
        first = next(iter(texts(path, self.edition)))[1].split("\n")[0]
        return re.split("[：:]", self.markdown(first, path).removeprefix("# ").removesuffix(TO_DO))[0]

    def navigation(self, text: str, path: Path) -> str:
        """The last cell: previous, home, next."""

        def named(found: re.Match) -> str:
            target = Path(os.path.normpath(path.parent / found[2]))
            if not (self.edition.root / target).exists() and target.suffix != ".md":
                return found[0]
            name = self.unit("Home", SHARED) if target.suffix == ".md" else self.title(target)
            return f"[{name}]({found[2]})"

        return self.links(re.sub(r"\[([^\]]*)\]\(([^)]*)\)", named, text), path)

    def notebook(self, path: Path) -> dict:
        nb = json.loads((self.edition.root / path).read_text(encoding="utf-8"))
        nb = copy.deepcopy(nb)
        for i, cell in enumerate(nb["cells"]):
            text = source(cell)
            if cell["cell_type"] == "code":
                text = text.replace(IMPORT, IMPORT.replace(" import", f".{LANGUAGE[:2]} import"))
                cell["outputs"] = [spoken(output, source(cell)) for output in cell["outputs"]]
            elif cell["id"] == "navigation":
                text = self.navigation(text, path)
            else:
                text = self.markdown(text, path)
            if i == 0:
                text = linked(text, "English", path, from_=chinese(path))
            cell["source"] = text.splitlines(keepends=True)
        for cell, after in zip(nb["cells"], nb["cells"][1:]):
            describe(cell, source(after))
        return nb

    def guide(self, path: Path) -> str:
        text = self.markdown((self.edition.root / path).read_text(encoding="utf-8"), path)
        return linked(text, "English", path, from_=chinese(path))


def linked(text: str, name: str, to: Path, from_: Path) -> str:
    """A page's text with the link to the other edition below its title."""
    title, _, rest = re.sub(EDITION, "", text, flags=re.M).partition("\n\n")
    target = os.path.relpath(to, from_.parent).replace(os.sep, "/")
    return f"{title}\n\n[{name}]({target})" + (f"\n\n{rest}" if rest else "")


def describe(cell: dict, after: str) -> None:
    """A Chinese caption is the alternative text of the picture above it."""
    for output in cell.get("outputs", []):
        caption = after.split("\n\n")[0]
        if "image/png" in output.get("data", {}) and caption.startswith("*图"):
            output["metadata"]["image/png"]["alt"] = re.sub(r"^图\s*\d*[。：]\s*", "", caption.strip("*"))


def shown(text: str):
    """What `check`, `report` or `summary` showed as `text`: a function that makes it anew, or None."""
    if found := re.fullmatch(r"(D?\d+\.\d+) (.*): (.*)", text):
        id, _, status = found.groups()
        task = EXERCISES[id] if id in EXERCISES else EXPERIMENTS[id] if id in EXPERIMENTS else None
        if task and status in (NOT_ATTEMPTED, CORRECT, REPORTED):
            make = Report if id in EXPERIMENTS else lambda verdict: verdict
            return lambda: make(Verdict(id, language.say(task.title), status))
    lines = text.split("\n")
    if re.match(r"\d+ of \d+ exercises done", lines[0]):
        ids = [id for id in [*EXERCISES, *EXPERIMENTS] if any(line.startswith(f"  {id:<5}") for line in lines[1:])]
        status = {id: line.rsplit("  ", 1)[1] for id in ids for line in lines if line.startswith(f"  {id:<5}")}

        def rows(table):
            return tuple((id, language.say(table[id].title), status[id]) for id in table if id in status)

        return lambda: Summary(rows(EXERCISES), None, rows(EXPERIMENTS))
    return None


def spoken(output: dict, code: str) -> dict:
    """An output of `check`, `report` and `summary` in Chinese; every other as it is."""
    plain = output.get("data", {}).get("text/plain")
    if not plain or "text/html" not in output["data"] or not re.search(r"\b(check|report|summary)\(", code):
        return output
    make = shown("".join(plain))
    if make is None or repr(make()) != "".join(plain):
        return output
    with language.speaking(LANGUAGE):
        result = make()
    data = {"text/html": result._repr_html_(), "text/plain": repr(result)}
    return {**output, "data": {key: data[key].splitlines(keepends=True) for key in output["data"]}}


def pages(edition: Edition, catalogues: dict[str, Catalog]) -> dict[Path, str]:
    """{path: text} of every page of the Chinese edition, and of the English pages with their links to it."""
    builder, found = Builder(edition, catalogues), {}
    for path in edition.notebooks:
        nb = json.loads((edition.root / path).read_text(encoding="utf-8"))
        first = linked(source(nb["cells"][0]), "中文版", chinese(path), from_=path)
        nb["cells"][0]["source"] = first.splitlines(keepends=True)
        found[path] = as_json(nb)
        found[chinese(path)] = as_json(builder.notebook(path))
    for path in edition.guides:
        found[path] = linked((edition.root / path).read_text(encoding="utf-8"), "中文版", chinese(path), from_=path)
        found[chinese(path)] = builder.guide(path)
    return found


def as_json(nb: dict) -> str:
    return json.dumps(nb, ensure_ascii=False, indent=1) + "\n"


def everything(edition: Edition) -> tuple[dict[str, Catalog], dict[Path, str], bytes]:
    """The catalogues, {path: text} of the files that are to be written, and the compiled catalogue of the checks."""
    catalogues = update(edition)
    mo = compiled(catalogues[CHECKS])
    with using(mo):
        found = pages(edition, catalogues)
    for name, catalogue in catalogues.items():
        found[edition.catalogue(name).relative_to(edition.root)] = written(catalogue)
    return catalogues, found, mo


class using:
    """The checks speak by this compiled catalogue instead of the one in the package."""

    def __init__(self, mo: bytes):
        self.mo = mo

    def __enter__(self):
        import gettext

        found, english = gettext.GNUTranslations(io.BytesIO(self.mo)), gettext.NullTranslations()
        self.before = language._catalogue
        language._catalogue = lambda name: found if name == LANGUAGE else english

    def __exit__(self, *_):
        language._catalogue = self.before


def surplus(edition: Edition, wanted: dict[Path, str]) -> list[Path]:
    """Files of the Chinese edition that no English page has any more."""
    there = [*edition.root.glob("locale/**/*.po"), *edition.root.glob("notebooks/zh/**/*.ipynb")]
    there += edition.root.glob("docs/zh/*.md")
    found = [path.relative_to(edition.root) for path in there]
    return sorted(path for path in found if path not in wanted and not any(p.startswith(".") for p in path.parts))


def write(edition: Edition, wanted: dict[Path, str], mo: bytes) -> None:
    for path, text in wanted.items():
        there = edition.root / path
        if not there.exists() or there.read_text(encoding="utf-8") != text:
            there.parent.mkdir(parents=True, exist_ok=True)
            with replacing(there) as part:
                part.write_text(text, encoding="utf-8", newline="\n")
    for path in surplus(edition, wanted):
        (edition.root / path).unlink()
    there = edition.compiled
    if not there.exists() or contents(there.read_bytes()) != contents(mo):
        there.parent.mkdir(parents=True, exist_ok=True)
        with replacing(there) as part:
            part.write_bytes(mo)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="Update the catalogues and build the Chinese edition.")
    parser.add_argument("--strict", action="store_true", help="fail if an entry is missing or fuzzy")
    parser.add_argument("--status", action="store_true", help="count and check, write nothing")
    options = parser.parse_args(arguments)
    edition = Edition()
    catalogues, wanted, mo = everything(edition)
    if not options.status:
        write(edition, wanted, mo)
    open_, bad = 0, 0
    for name, catalogue in catalogues.items():
        messages = [message for message in catalogue if message.id]
        done = len(good(catalogue))
        fuzzy = sum(message.fuzzy for message in messages)
        open_ += len(messages) - done
        print(f"{name:55} {done:5} of {len(messages):5} translated, {fuzzy} fuzzy")
        for message in messages:
            for problem in translation_rules.problems(message) if message.string and not message.fuzzy else ():
                bad += 1
                print(f"  {problem}\n    {message.id[:100]}")
    print(f"{open_} entries are missing or fuzzy; {bad} breaches of the rules")
    return int(bool(bad or options.strict and open_))


if __name__ == "__main__":
    sys.exit(main())
