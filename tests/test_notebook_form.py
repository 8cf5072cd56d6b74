"""The form of the notebooks: what makes them comparable on another machine and pleasant to read.

Each rule is a generator of problems in one notebook. Rules are tested too: every rule must catch the
notebooks at the end of this file that break it, and only it.
"""

import ast
import functools
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from nfm_tutorial.exercises.registry import chapter_of, solutions_of

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"

CLOSING = "Question: FM versus NFM feature crossing"
MOST_LINES, MEDIAN_LINES = 25, 8

CHAPTER, SOLUTIONS, CHINESE, CHINESE_SOLUTIONS = "chapter", "solutions", "zh", "zh solutions"
ALL = (CHAPTER, SOLUTIONS, CHINESE, CHINESE_SOLUTIONS)
OPEN = ("not attempted", "还没有作答")  # how a check says so in either edition
TO_DO = "（待更新）"  # behind a text that is still English in the Chinese edition


# --- reading a notebook ---------------------------------------------------------------------------------------


def kind_of(path):
    """Which rules apply: those for a chapter, for the solutions, or for the Chinese edition of either."""
    folders = path.relative_to(FOLDER).parts[:-1]
    if "zh" in folders and "solutions" in folders:
        return CHINESE_SOLUTIONS
    return CHINESE if "zh" in folders else SOLUTIONS if "solutions" in folders else CHAPTER


def code_cells(nb):
    """Pairs (position in the notebook, cell)."""
    return [(i, cell) for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]


def markdown_cells(nb):
    return [(i, cell) for i, cell in enumerate(nb.cells) if cell.cell_type == "markdown"]


def tags(cell):
    return cell.metadata.get("tags", [])


def texts(cell):
    """Every text among the outputs of a code cell: streams, all text types of results, tracebacks."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(output.text)
        elif output.output_type == "error":
            found += [output.ename, output.evalue, *output.traceback]
        else:
            found += [str(v) for mime, v in output.data.items() if mime not in ("image/png", "image/jpeg")]
    return found


def compared_texts(cell):
    """What nbval compares character by character."""
    return [] if "nbval-ignore-output" in tags(cell) else texts(cell)


def draws(cell):
    return cell.cell_type == "code" and any(
        mime.startswith("image/") for output in cell.outputs for mime in output.get("data", {})
    )


def prose(cell):
    """A markdown cell without its fenced code, where # is a comment and not a heading."""
    return re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)


def headings(nb):
    """Triples (position, level, text) in order."""
    return [
        (i, len(marks), text)
        for i, cell in markdown_cells(nb)
        for marks, text in re.findall(r"^(#{1,6})\s+(.*?)\s*$", prose(cell), flags=re.MULTILINE)
    ]


def closing_text(nb):
    """The text under the last heading, to the end of the notebook."""
    if not headings(nb):
        return ""
    position, level, text = headings(nb)[-1]
    first = nb.cells[position].source.rsplit(text, 1)[-1]
    return "\n".join([first, *(cell.source for i, cell in markdown_cells(nb) if i > position)])


def questions(text):
    """The sentences that end with a question mark, without mark-up, in lower case."""
    plain = re.sub(r"\s+", " ", re.sub(r"[*_`]", "", text)).lower()
    return {q.strip() for q in re.findall(r"[^.?!:]+\?", plain)}


def python_tree(source):
    """The syntax tree of a cell; IPython's own lines are left out. None if it is not Python."""
    try:
        return ast.parse("\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))))
    except SyntaxError:
        return None


def asserts_something(source):
    """Whether a cell asserts a computed value; `assert True` is no assertion."""
    tree = python_tree(source)
    return tree is not None and any(
        isinstance(node, ast.Assert) and any(isinstance(part, ast.Name) for part in ast.walk(node.test))
        for node in ast.walk(tree)
    )


def exercise_ids(nb):
    """Triples (position, cell, id) of the exercises that the notebook checks, as in check("4.2", f)."""
    return [
        (i, cell, found)
        for i, cell in code_cells(nb)
        for found in re.findall(r"""\bcheck\(\s*["'](D?\d+\.\d+)["']""", cell.source)
    ]


# --- the rules ------------------------------------------------------------------------------------------------

RULES = {}


def rule(*kinds):
    """Register a generator of problems; it applies to notebooks of these kinds."""

    def register(check):
        RULES[check.__name__] = (check, kinds)
        return check

    return register


def problems(nb, kind):
    """Pairs (rule, what is wrong) for a notebook of one kind.

    The other rules read a notebook as the format promises it, so an invalid one gets no further.
    """
    invalid = [("valid_format", message) for message in valid_format(nb)]
    return invalid or [
        (name, message) for name, (check, kinds) in RULES.items() if kind in kinds for message in check(nb)
    ]


@rule(*ALL)
def valid_format(nb):
    ids = [cell.get("id") for cell in nb.cells]
    if (nb.nbformat, nb.nbformat_minor) != (4, 5):
        yield f"format {nb.nbformat}.{nb.nbformat_minor}, not 4.5"
    elif len(set(ids)) < len(ids):
        yield "two cells have the same id"
    else:
        try:
            nbformat.validate(nb)
        except nbformat.ValidationError as error:
            yield f"not a valid notebook: {error}"


@rule(*ALL)
def kernel_of_any_environment(nb):
    if nb.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel must be python3, which every environment has"


@rule(*ALL)
def committed_from_make_notebooks(nb):
    if "version" in nb.metadata.get("language_info", {}):
        yield "stores a Python version: run `make notebooks`"
    for i, cell in enumerate(nb.cells):
        folded = {"jupyter": {"outputs_hidden": True}} if "guess-first" in tags(cell) else {}
        stored = {key: value for key, value in cell.metadata.items() if key not in ("tags", "minutes")}
        if stored != folded:
            yield f"cell {i} stores {stored} in its metadata, not {folded}: run `make notebooks`"


@rule(*ALL)
def executed_once_in_order(nb):
    counts = [cell.execution_count for _, cell in code_cells(nb)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts {counts}: run `make notebooks`"


@rule(*ALL)
def no_empty_cells(nb):
    for i, cell in enumerate(nb.cells):
        if not cell.source.strip():
            yield f"cell {i} is empty"


@rule(*ALL)
def no_stderr(nb):
    for i, cell in code_cells(nb):
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                yield f"cell {i} wrote to stderr: {output.text[:80]!r}"


@rule(*ALL)
def no_warnings(nb):
    for i, cell in code_cells(nb):
        for output in cell.outputs:
            text = "" if output.get("name") == "stderr" else "\n".join(texts(new_code_cell(outputs=[output])))
            for warning in re.findall(r"\b[A-Z]\w*Warning\b", text):
                yield f"cell {i} shows a {warning}: repair its cause"


@rule(*ALL)
def errors_are_meant(nb):
    for i, cell in code_cells(nb):
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and "raises-exception" not in tags(cell):
            yield f"cell {i} raised an error"
        if not failed and "raises-exception" in tags(cell):
            yield f"cell {i} has the tag raises-exception but raised nothing: the tag permits an error, no more"


@rule(*ALL)
def no_machine_paths(nb):
    path = re.compile(
        r"(?<![\w.\-])/(?:home|root|tmp|work|Users|private|var/folders)/|\b[A-Za-z]:\\+Users\b|site-packages"
    )
    for i, cell in enumerate(nb.cells):
        for text in [cell.source, *(texts(cell) if cell.cell_type == "code" else [])]:
            if found := path.search(text):
                yield f"cell {i} names a path of one machine: {text[max(0, found.start() - 20) : found.end() + 30]!r}"


@rule(*ALL)
def no_memory_addresses(nb):
    for i, cell in code_cells(nb):
        for text in compared_texts(cell):
            for found in re.findall(r"\b0x[0-9a-fA-F]{5,}", text):
                yield f"cell {i} prints a memory address, {found}, that differs in every run"


@rule(*ALL)
def no_timings_compared(nb):
    timing = re.compile(
        r"\b\d+(?:\.\d+)?\s*(?:ns|us|µs|μs|ms)\b|\b\d+\.\d+\s*(?:s|secs?|seconds|min|minutes)\b"
        r"|it/s\b|s/it\b|Wall time|CPU times"
    )
    for i, cell in code_cells(nb):
        for text in compared_texts(cell):
            if found := timing.search(text):
                yield f"cell {i} prints a timing, {found.group()!r}, that differs in every run"


@rule(*ALL)
def no_widgets(nb):
    if "widgets" in nb.metadata:
        yield "stores widget state: run `make notebooks`"
    for i, cell in code_cells(nb):
        if any("jupyter.widget" in mime for output in cell.outputs for mime in output.get("data", {})):
            yield f"cell {i} shows a widget, which no one sees without a kernel (a progress bar?)"


@rule(*ALL)
def cells_are_short(nb):
    for i, cell in code_cells(nb):
        if len(cell.source.splitlines()) > MOST_LINES:
            yield f"cell {i} has {len(cell.source.splitlines())} lines, more than {MOST_LINES}"


@rule(CHAPTER, CHINESE)
def most_cells_are_very_short(nb):
    lengths = [len(cell.source.splitlines()) for _, cell in code_cells(nb)]
    if lengths and statistics.median(lengths) > MEDIAN_LINES:
        yield f"the median code cell has {statistics.median(lengths):g} lines, more than {MEDIAN_LINES}"


@rule(*ALL)
def one_title_first(nb):
    if not nb.cells or nb.cells[0].cell_type != "markdown" or not nb.cells[0].source.startswith("# "):
        yield "the first cell must be markdown and start with the title, `# ...`"
    titles = [text for _, level, text in headings(nb) if level == 1]
    if len(titles) > 1:
        yield f"more than one title: {titles}"


@rule(CHAPTER)
def opening_says_what_to_expect(nb):
    opening = nb.cells[0].source.lower() if nb.cells else ""
    for wanted, pattern in {
        "You will be able to": r"you will be able to",
        "Prerequisites": r"prerequisites",
        "Minutes: NN": r"\*\*minutes:\*\* \d+: ",
        "Difficulty: easy, medium or hard": r"\*\*difficulty:\*\* (?:easy|medium|hard)\b",
    }.items():
        if not re.search(pattern, opening):
            yield f"the first cell does not say {wanted!r}"


@rule(CHAPTER)
def closes_with_the_question(nb):
    last = headings(nb)[-1][1:] if headings(nb) else None
    if last != (2, CLOSING):
        yield f"the last heading must be '## {CLOSING}', it is {last}"
    else:
        if not questions(closing_text(nb)):
            yield "the closing section asks nothing: no question mark"
        if "hint" not in closing_text(nb).lower():
            yield "the closing section gives no hint"


@rule(*ALL)
def starts_the_same_for_every_reader(nb):
    cells = code_cells(nb)
    imported = cells and re.search(r"^from nfm_tutorial import (?:.*, )?notebook\b", cells[0][1].source, re.M)
    if not imported or cells[0][1].source.splitlines()[-1:] != ["notebook.start()"]:
        yield (
            "the first code cell must import notebook from nfm_tutorial and end with `notebook.start()`: otherwise the "
            "outputs depend on the reader's shell and profile"
        )


@rule(CHAPTER, SOLUTIONS)
def figures_are_told_in_words(nb):
    yield from captions(nb, r"\*Figure(?: \d+)?\. .{25,}\*")


@rule(CHINESE, CHINESE_SOLUTIONS)
def chinese_figures_are_told_in_words(nb):
    yield from captions(nb, rf"\*图(?: ?\d+)?[。.．：:] ?.{{8,}}\*|\*Figure(?: \d+)?\. .{{25,}}\*{TO_DO}")


def captions(nb, pattern):
    for i, cell in enumerate(nb.cells):
        if draws(cell):
            after = nb.cells[i + 1] if i + 1 < len(nb.cells) else None
            first = after.source.split("\n\n")[0].replace("\n", " ") if after else ""
            if after is None or after.cell_type != "markdown" or not re.fullmatch(pattern, first):
                yield (
                    f"cell {i} draws, so cell {i + 1} must begin with a paragraph like "
                    "`*Figure. One sentence that says what it shows.*`"
                )


@rule(*ALL)
def figures_end_with_show(nb):
    for i, cell in code_cells(nb):
        if draws(cell) and any(output.output_type == "execute_result" for output in cell.outputs):
            yield f"cell {i} draws and also shows the value of its last line: end it with plt.show()"


@rule(*ALL)
def figures_come_from_code(nb):
    for i, cell in markdown_cells(nb):
        if re.search(r"!\[[^\]]*\]\s*[(\[]|<(?:img|svg|video|iframe|object)\b", prose(cell), re.I):
            yield f"cell {i} shows a picture from a file or link"
        if cell.get("attachments"):
            yield f"cell {i} has an attachment"
    for i, cell in code_cells(nb):
        if re.search(r"\bimread\(|\b(?:Image|SVG|IFrame|YouTubeVideo)\(\s*(?:filename|url|src|[\"'])", cell.source):
            yield f"cell {i} shows a picture from a file or link"


@rule(*ALL)
def tags_are_justified(nb):
    for i, cell in code_cells(nb):
        for tag in tags(cell):
            if "nbval" in tag.lower() and tag != "nbval-ignore-output":
                yield f"cell {i} has the tag {tag!r}: only nbval-ignore-output is allowed"
        if "nbval-ignore-output" in tags(cell):
            if not any(output.output_type == "stream" or "data" in output for output in cell.outputs):
                yield f"cell {i} prints nothing: drop the tag nbval-ignore-output"
            elif draws(cell) and all("image/png" in output.get("data", {}) for output in cell.outputs):
                yield f"cell {i} only draws, and nbval does not compare pictures: drop the tag nbval-ignore-output"
            elif not asserts_something(cell.source):
                yield (
                    f"cell {i} has the tag nbval-ignore-output but asserts nothing: assert the trained metric "
                    "within its band in the same cell, or drop the tag"
                )


@rule(*ALL)
def no_nbval_comments(nb):
    for i, cell in code_cells(nb):
        if re.search(r"#\s*(?:NBVAL_|PYTEST_VALIDATE_)", cell.source):
            yield f"cell {i} steers nbval by a comment: use a tag"


@rule(*ALL)
def runs_offline_everywhere(nb):
    for i, cell in code_cells(nb):
        for line in cell.source.splitlines():
            if re.match(r"\s*(?:!|%%?(?:pip|conda|system|sx|bash|sh|cmd|script)\b)", line):
                yield f"cell {i} calls the shell or installs something: {line.strip()!r}"


@rule(CHAPTER, CHINESE)
def exercises_are_unsolved(nb):
    for i, cell, exercise in exercise_ids(nb):
        if not any(said in text.lower() for text in texts(cell) for said in OPEN):
            yield f"cell {i}: exercise {exercise} must be committed as 'not attempted yet'"


@rule(SOLUTIONS, CHINESE_SOLUTIONS)
def solutions_are_attempted(nb):
    for i, cell, exercise in exercise_ids(nb):
        if any(said in text.lower() for text in texts(cell) for said in OPEN):
            yield f"cell {i}: the solution of exercise {exercise} is missing"


# --- the notebooks that there are -----------------------------------------------------------------------------

PATHS = sorted(p for p in FOLDER.rglob("*.ipynb") if not any(q.startswith(".") for q in p.relative_to(FOLDER).parts))
CHAPTERS = [p for p in PATHS if kind_of(p) == CHAPTER]


@functools.cache
def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def name(path):
    return path.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_form(path):
    found = problems(read(path), kind_of(path))
    assert not found, "\n".join(f"[{rule_name}] {message}" for rule_name, message in found)


def misnumbered_exercises(path, nb):
    """Ids that do not start with the key of the chapter, which the file's name and folder give."""
    return [ex for _, _, ex in exercise_ids(nb) if ex.split(".")[0] != chapter_of(path)]


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_exercises_carry_the_number_of_the_chapter(path):
    assert not misnumbered_exercises(path, read(path))


def shared_questions(notebooks):
    """Closing questions that two notebooks have in common; `notebooks` maps names to notebooks."""
    seen, shared = {}, []
    for title, nb in notebooks.items():
        for question in questions(closing_text(nb)):
            if question in seen:
                shared.append(f"{seen[question]} and {title} ask the same: {question}")
            seen[question] = title
    return shared


def test_each_chapter_asks_its_own_closing_question():
    assert not shared_questions({p.name: read(p) for p in CHAPTERS})


def differing_exercises(chapter, solutions):
    """Ids of exercises that only one of the two notebooks has (solutions may be None)."""
    asked = {exercise for _, _, exercise in exercise_ids(chapter)}
    answered = {exercise for _, _, exercise in exercise_ids(solutions)} if solutions else set()
    return sorted(asked ^ answered)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_exercise_has_a_solution(path):
    solutions = solutions_of(path)
    found = differing_exercises(read(path), read(solutions) if solutions.exists() else None)
    assert not found, f"exercises {found} are in only one of {path.name} and {solutions.name}"


# --- the rules themselves, on small notebooks -----------------------------------------------------------------

PNG = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 640x480 with 1 Axes>"}
PICTURE = new_output("display_data", data=PNG)
OPENING = """# Title

You will be able to cross features.

**Prerequisites**: Python.

**Minutes:** 84: 45 to read and run, 39 for the exercises.

**Difficulty:** medium"""
CAPTION = "*Figure 1. The line rises from one to two as x goes from zero to one.*"


def stream(text, stream_name="stdout"):
    return new_output("stream", name=stream_name, text=text)


def good_chapter():
    """A chapter that keeps every rule; the cells are named in GOOD below."""
    nb = new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
            "language_info": {"name": "python"},
        },
        cells=[
            new_markdown_cell(OPENING),
            new_code_cell("from nfm_tutorial import data, notebook\n\nnotebook.start()"),
            new_code_cell("print(1)", outputs=[stream("1\n")]),
            new_code_cell("plt.plot([1, 2])\nplt.show()", outputs=[PICTURE]),
            new_markdown_cell(CAPTION + "\n\nSee [the paper](https://example.org/home/page).\n\n```\n# comment\n```"),
            new_code_cell(
                "print(auc)\nassert 0.8 < auc < 0.9",
                metadata={"tags": ["nbval-ignore-output"]},
                outputs=[stream("0.85 in 1.2 s\n")],
            ),
            new_code_cell('check("1.2", f)', outputs=[stream("1.2: not attempted yet\n")]),
            new_code_cell(
                "f(-1)",
                metadata={"tags": ["raises-exception"]},
                outputs=[new_output("error", ename="ValueError", evalue="k >= 0", traceback=["ValueError: k >= 0"])],
            ),
            new_markdown_cell(f"## {CLOSING}\n\nWhat is kept? *Hint*: count the numbers."),
        ],
    )
    for count, (_, cell) in enumerate(code_cells(nb), start=1):
        cell.execution_count = count
    for i, cell in enumerate(nb.cells):
        cell.id = f"cell-{i:03d}"
    return nb


TITLE, IMPORTS, PRINTS, DRAWS, TELLS, TRAINED, EXERCISE, FAILS, CLOSES = range(9)


def set_source(position, source):
    def change(nb):
        nb.cells[position].source = source

    return change


def set_outputs(position, *outputs):
    def change(nb):
        nb.cells[position].outputs = list(outputs)

    return change


def set_tags(position, *new_tags):
    def change(nb):
        nb.cells[position].metadata["tags"] = list(new_tags)

    return change


def prints(text):
    return set_outputs(PRINTS, stream(text))


def set_metadata(key, value):
    def change(nb):
        nb.metadata[key] = value

    return change


def set_field(position, key, value):
    def change(nb):
        nb.cells[position][key] = value

    return change


def both(*changes):
    def change(nb):
        for each in changes:
            each(nb)

    return change


def long_cells(nb):
    for position in (DRAWS, EXERCISE, FAILS, TRAINED):
        nb.cells[position].source += "\n# more" * 8


def remove(position):
    def change(nb):
        del nb.cells[position]

    return change


def old_format(nb):
    nb.nbformat_minor = 4
    for cell in nb.cells:
        del cell["id"]


RESULT = new_output("execute_result", data={"text/plain": "Text(0.5, 1.0, 'title')"}, execution_count=2)
WIDGET = new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "0%"})

BROKEN = [
    ("valid_format", set_field(PRINTS, "outputs", [{"output_type": "nonsense"}])),
    ("valid_format", old_format),
    ("valid_format", set_field(PRINTS, "id", "cell-000")),
    ("kernel_of_any_environment", set_metadata("kernelspec", {"name": "my-env", "display_name": "mine"})),
    ("committed_from_make_notebooks", set_metadata("language_info", {"name": "python", "version": "3.11.7"})),
    ("committed_from_make_notebooks", set_field(PRINTS, "metadata", {"execution": {"iopub.execute_input": "now"}})),
    ("committed_from_make_notebooks", set_field(PRINTS, "metadata", {"tags": ["guess-first"]})),
    ("committed_from_make_notebooks", set_field(PRINTS, "metadata", {"jupyter": {"outputs_hidden": True}})),
    ("executed_once_in_order", set_field(PRINTS, "execution_count", 7)),
    ("executed_once_in_order", set_field(PRINTS, "execution_count", None)),
    ("no_empty_cells", set_source(PRINTS + 4, " \n")),
    ("no_stderr", set_outputs(PRINTS, stream("noise", "stderr"))),
    ("no_warnings", prints("a.py:1: FutureWarning: soon\n")),
    ("errors_are_meant", set_tags(FAILS)),
    ("errors_are_meant", set_outputs(FAILS, stream("fine"))),
    ("no_machine_paths", prints("/home/ann/nfm/data/ratings.csv.gz")),
    ("no_machine_paths", prints("PosixPath('/tmp/x')")),
    ("no_machine_paths", prints("C:\\Users\\ann")),
    ("no_machine_paths", prints("C:\\\\Users\\\\ann")),
    ("no_machine_paths", set_source(PRINTS, "import nfm_tutorial\nopen('/work/x')")),
    ("no_machine_paths", set_outputs(FAILS, new_output("error", ename="E", evalue="", traceback=["File /root/a.py"]))),
    ("no_memory_addresses", prints("<object object at 0x7f3a2c1b4d50>")),
    ("no_timings_compared", prints("took 123 ms")),
    ("no_timings_compared", prints("took 1.2 s")),
    ("no_timings_compared", prints("3/3 [00:00<00:00, 99.1it/s]")),
    ("no_widgets", set_outputs(PRINTS, WIDGET)),
    ("no_widgets", set_metadata("widgets", {})),
    ("cells_are_short", set_source(PRINTS, "import nfm_tutorial" + "\nx = 1" * 25)),
    ("most_cells_are_very_short", long_cells),
    ("one_title_first", set_source(TITLE, OPENING.replace("# Title", "Title"))),
    ("one_title_first", set_source(TELLS, CAPTION + "\n\n# Another")),
    ("opening_says_what_to_expect", set_source(TITLE, OPENING.replace("You will be able to", "We"))),
    ("opening_says_what_to_expect", set_source(TITLE, OPENING.replace("Prerequisites", "Before"))),
    ("opening_says_what_to_expect", set_source(TITLE, OPENING.replace("**Minutes:** 84: ", "**Minutes:** many: "))),
    ("opening_says_what_to_expect", set_source(TITLE, OPENING.replace("** medium", "** fair"))),
    ("closes_with_the_question", set_source(CLOSES, "## The end\n\nWhat? Hint.")),
    ("closes_with_the_question", set_source(CLOSES, f"### {CLOSING}\n\nWhat? Hint.")),
    ("closes_with_the_question", set_source(CLOSES, f"## {CLOSING}\n\nWhat? Hint.\n\n## Next")),
    ("closes_with_the_question", set_source(CLOSES, f"## {CLOSING}\n\nThink. Hint.")),
    ("closes_with_the_question", set_source(CLOSES, f"## {CLOSING}\n\nWhat is kept?")),
    ("closes_with_the_question", remove(CLOSES)),
    ("starts_the_same_for_every_reader", set_source(IMPORTS, "from nfm_tutorial import notebook")),
    ("starts_the_same_for_every_reader", set_source(IMPORTS, "from nfm_tutorial import notebook\n# notebook.start()")),
    ("starts_the_same_for_every_reader", set_source(IMPORTS, "from nfm_tutorial import data\n\nnotebook.start()")),
    ("figures_are_told_in_words", set_source(TELLS, "The line rises from one to two as x goes from zero to one.")),
    ("figures_are_told_in_words", set_source(TELLS, "*Figure 1. A line.*")),
    ("figures_are_told_in_words", set_source(TELLS, "Text first.\n\n" + CAPTION)),
    ("figures_are_told_in_words", set_field(TRAINED, "outputs", [stream("0.85"), PICTURE])),
    ("figures_end_with_show", set_outputs(DRAWS, PICTURE, RESULT)),
    ("figures_come_from_code", set_source(TELLS, CAPTION + "\n\n![drawing](drawing.png)")),
    ("figures_come_from_code", set_source(TELLS, CAPTION + '\n\n<img src="https://example.org/a.png">')),
    ("figures_come_from_code", set_field(TELLS, "attachments", {"a.png": {"image/png": ""}})),
    ("figures_come_from_code", set_source(DRAWS, 'display(Image("drawing.png"))')),
    ("tags_are_justified", set_tags(PRINTS, "nbval-ignore-output")),
    ("tags_are_justified", set_tags(PRINTS, "nbval-skip")),
    ("tags_are_justified", set_tags(PRINTS, "nbval_ignore_output")),
    ("tags_are_justified", set_source(TRAINED, "print(auc)\nassert True")),
    ("tags_are_justified", set_source(TRAINED, "print(auc)  # assert auc > 0.8")),
    ("tags_are_justified", set_outputs(TRAINED)),
    ("tags_are_justified", set_tags(DRAWS, "nbval-ignore-output")),
    ("no_nbval_comments", set_source(PRINTS, "# NBVAL_IGNORE_OUTPUT\nimport nfm_tutorial")),
    ("runs_offline_everywhere", set_source(DRAWS, "!wget https://example.org/data")),
    ("runs_offline_everywhere", set_source(DRAWS, "%pip install torch")),
    ("exercises_are_unsolved", set_outputs(EXERCISE, stream("1.2: correct"))),
]


def test_a_good_chapter_has_no_problems():
    assert problems(good_chapter(), CHAPTER) == []


@pytest.mark.parametrize(("broken_rule", "change"), BROKEN, ids=[f"{i:02d}-{b[0]}" for i, b in enumerate(BROKEN)])
def test_each_violation_is_caught(broken_rule, change):
    nb = good_chapter()
    change(nb)
    assert {rule_name for rule_name, _ in problems(nb, CHAPTER)} == {broken_rule}


def test_solutions_may_have_long_cells_and_no_closing_question_but_answer_every_exercise():
    nb = good_chapter()
    both(set_source(TITLE, "# Solutions"), remove(CLOSES), long_cells)(nb)
    assert {rule_name for rule_name, _ in problems(nb, SOLUTIONS)} == {"solutions_are_attempted"}
    set_outputs(EXERCISE, stream("1.2: correct"))(nb)
    assert problems(nb, SOLUTIONS) == []


def test_the_chinese_edition_tells_its_figures_in_chinese():
    nb = good_chapter()
    both(set_source(TITLE, "# 标题"), remove(CLOSES))(nb)
    assert {rule_name for rule_name, _ in problems(nb, CHINESE)} == {"chinese_figures_are_told_in_words"}
    set_source(TELLS, CAPTION + TO_DO)(nb)
    assert problems(nb, CHINESE) == []
    set_source(TELLS, "*图 1。直线从一上升到二，横轴从零到一。*")(nb)
    set_outputs(EXERCISE, stream("1.2：还没有作答"))(nb)
    assert problems(nb, CHINESE) == []
    assert {rule_name for rule_name, _ in problems(nb, CHINESE_SOLUTIONS)} == {"solutions_are_attempted"}


def test_every_rule_is_tested():
    tested = {broken_rule for broken_rule, _ in BROKEN}
    assert set(RULES) - tested == {"solutions_are_attempted", "chinese_figures_are_told_in_words"}  # tested above


def test_a_shared_closing_question_is_caught():
    one, same, other = good_chapter(), good_chapter(), good_chapter()
    set_source(CLOSES, f"## {CLOSING}\n\nBegin. What  is\n*kept*? A hint.")(same)
    set_source(CLOSES, f"## {CLOSING}\n\nWhat is summed? A hint.")(other)
    assert shared_questions({"one": one, "other": other}) == []
    assert shared_questions({"one": one, "same": same}) == ["one and same ask the same: what is kept?"]


def test_an_exercise_of_another_chapter_is_caught():
    assert misnumbered_exercises(Path("notebooks/01_title.ipynb"), good_chapter()) == []
    assert misnumbered_exercises(Path("notebooks/solutions/answers_01_title.ipynb"), good_chapter()) == []
    assert misnumbered_exercises(Path("notebooks/deeper/01_title.ipynb"), good_chapter()) == ["1.2"]
    assert misnumbered_exercises(Path("notebooks/10_title.ipynb"), good_chapter()) == ["1.2"]


def test_an_exercise_without_solution_is_caught():
    chapter, solutions = good_chapter(), good_chapter()
    assert differing_exercises(chapter, solutions) == []
    assert differing_exercises(chapter, None) == ["1.2"]
    set_source(EXERCISE, 'check("1.3", f)')(solutions)
    assert differing_exercises(chapter, solutions) == ["1.2", "1.3"]
