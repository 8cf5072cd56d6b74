"""The Chinese edition is built from the English one: it keeps what must stay, and says what is not yet translated."""

import ast
import contextlib
import importlib.util
import io
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import finish_notebooks  # noqa: E402
import translate  # noqa: E402
import translation_rules as rules  # noqa: E402
import translation_units as units  # noqa: E402

from nfm_tutorial.course import judging, reports  # noqa: E402
from nfm_tutorial.exercises import TODO, check, language, summary, zh  # noqa: E402
from nfm_tutorial.exercises.exercise import source_of  # noqa: E402
from nfm_tutorial.exercises.registry import EXERCISES  # noqa: E402

EDITION = translate.Edition()


@pytest.fixture(scope="module")
def built():
    return translate.everything(EDITION)


def read(path):
    return json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]


# --- built equals committed -----------------------------------------------------------------------------------


def test_what_is_committed_is_what_would_be_built(built):
    _, wanted, mo = built
    stale = [
        str(path)
        for path, text in wanted.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make zh`"
    assert translate.contents(EDITION.compiled.read_bytes()) == translate.contents(mo), "run `make zh`"
    assert translate.surplus(EDITION, wanted) == []


def differences(english, chinese):
    """What a Chinese notebook changes in its cells that it may not change. Named exceptions: the import of the checks,
    what `check`, `report` and `summary` show, and the words for a picture."""
    if [cell["id"] for cell in english] != [cell["id"] for cell in chinese]:
        yield "cells"
    for one, two in zip(english, chinese):
        same = {key: value for key, value in one.items() if key not in ("source", "outputs")}
        if same != {key: value for key, value in two.items() if key not in ("source", "outputs")}:
            yield f"{one['id']}: metadata or count"
        if one["cell_type"] == "code":
            source = translate.source(two).replace("nfm_tutorial.exercises.zh import", "nfm_tutorial.exercises import")
            if source != translate.source(one):
                yield f"{one['id']}: code"
            checks = re.search(r"\b(check|report|summary)\(", source)
            if len(one["outputs"]) != len(two["outputs"]):
                yield f"{one['id']}: outputs"
            for first, second in zip(one["outputs"], two["outputs"]):
                shown = checks and "text/html" in first.get("data", {})
                if not shown and told(first) != told(second):
                    yield f"{one['id']}: outputs"


def told(output):
    """An output without the alternative text of its picture."""
    output = json.loads(json.dumps(output))
    output.get("metadata", {}).get("image/png", {}).pop("alt", None)
    return output


@pytest.mark.parametrize("path", EDITION.notebooks, ids=str)
def test_code_and_outputs_are_those_of_the_english_notebook(path):
    assert list(differences(read(path), read(translate.chinese(path)))) == []


def test_a_changed_cell_is_seen():
    path = Path("notebooks/02_fm_on_movielens.ipynb")
    for change, seen in {"code": "code", "output": "outputs", "id": "cells", "tag": "metadata"}.items():
        cells = read(translate.chinese(path))
        i = next(i for i, cell in enumerate(cells) if cell.get("outputs") and "text" in cell["outputs"][0])
        if change == "code":
            cells[i]["source"][0] = "# " + cells[i]["source"][0]
        elif change == "output":
            cells[i]["outputs"][0]["text"] = ["99,999 ratings"]
        elif change == "id":
            cells[i]["id"] = "other"
        else:
            cells[i]["metadata"] = {"tags": ["nbval-ignore-output"]}
        found = list(differences(read(path), cells))
        assert found and seen in found[0], change


@pytest.mark.parametrize("path", [*EDITION.notebooks, *EDITION.guides], ids=str)
def test_the_editions_link_to_each_other(path):
    there = translate.chinese(path)
    for one, other, name in ((path, there, "中文版"), (there, path, "English")):
        guide = one.suffix == ".md"
        text = (ROOT / one).read_text(encoding="utf-8") if guide else translate.source(read(one)[0])
        ((found, target),) = re.findall(r"^\[(中文版|English)\]\((.*)\)$", text, re.M)
        assert found == name and (ROOT / one.parent / target).resolve() == (ROOT / other).resolve()


def test_the_link_changes_no_minutes():
    nb = finish_notebooks.nbformat.read(ROOT / "notebooks" / "02_fm_on_movielens.ipynb", 4)
    before = finish_notebooks.load(nb.cells)
    nb.cells[0].source = re.sub(translate.EDITION, "", nb.cells[0].source, flags=re.M)
    assert finish_notebooks.load(nb.cells) == before


# --- the rules that every translated entry keeps --------------------------------------------------------------


def test_every_translated_entry_keeps_the_rules(built):
    found = [
        f"{name}: {problem}: {message.id[:80]}"
        for name, catalogue in built[0].items()
        for message in catalogue
        if message.id and message.string and not message.fuzzy
        for problem in rules.problems(message)
    ]
    assert not found, "\n".join(found)


GOOD = (
    "The *field* has $n$ rows ([data](a.md)), 2.5 each (2.1), see `V`.",
    "这个*域*有$n$行（[数据](a.md)），每行2.5(2.1)，见`V`。",
)
BAD = {
    "formulas": ("$n$", "$m$"),
    "numbers": ("2.5", "3.5"),
    "links": ("a.md", "b.md"),
    "code": ("`V`", "`v`"),
    '"field"': ("域", "字段"),
    "a space beside": ("有$n$", "有 $n$"),
    "half-width punctuation": ("，见", ",见"),
    "full-width brackets": ("(2.1)", "（2.1）"),
    "round Latin words": ("见`V`", "见表（table）`V`"),
    "half-width brackets": ("（[数据](a.md)）", "([数据](a.md))"),
    "punctuation must stand": ("*域*有", "*域：*有"),
    "English left over": ("每行", "every one of these rows每行"),
}


def test_a_good_entry_has_no_problems():
    assert list(rules.problems(Message(GOOD[0], GOOD[1]))) == []
    assert list(rules.problems(Message("{n} tries", "试了{n}次"))) == []
    assert list(rules.problems(Message("a field of work", "一项工作", user_comments=["not the term: field"]))) == []


@pytest.mark.parametrize("problem", BAD)
def test_each_breach_is_seen(problem):
    old, new = BAD[problem]
    assert old in GOOD[1]
    found = list(rules.problems(Message(GOOD[0], GOOD[1].replace(old, new))))
    assert len(found) == 1 and problem in found[0], found


def test_other_breaches_are_seen():
    assert any("blanks" in p for p in rules.problems(Message("{n} tries", "试了{m}次")))
    assert any("not translated" in p for p in rules.problems(Message("what is wrong", "what is wrong")))


@pytest.mark.parametrize("said", ["用*`V`*代替", "一个**$n$的FM**，", "这*`V`里的$n$*行"])
def test_code_and_formulas_beside_stars_count_as_punctuation(said):
    assert any("punctuation must stand" in p for p in rules.typesetting(said)), said
    assert list(rules.typesetting("用*代码`V`代替$n$*，见**第$n$行**的")) == []


@pytest.mark.parametrize("said", ["先z = f(x)；", "写x[:, None]。", "即z.sum(1)。", "用f(x，y)", "用f(x）)"])
def test_code_that_cannot_be_copied_is_seen(said):
    assert any("full-width punctuation" in p for p in rules.typesetting(said)), said


def test_code_that_can_be_copied_and_formulas_are_let_pass():
    for said in ("两步：a = f(x); b = g(a)", "`f(x)`。", "用f(x)算；", "是exp(z)；", "是E[y | x]。", "见Adam(6.8)。"):
        assert list(rules.typesetting(said)) == [], said
    hint = "a = f(x); return sum(a)"
    assert list(rules.problems(Message(hint, hint))) == []


def test_a_longer_term_hides_a_shorter_one():
    known = {"embedding": ("嵌入",), "sparse embedding": ("稀疏表",)}
    assert rules.missing_terms("a sparse embedding", "稀疏表", known) == []
    assert rules.missing_terms("sparse embeddings of an embedding", "稀疏表", known) == ["embedding"]
    assert rules.missing_terms("`embedding` and subembedding", "", known) == []


# --- the cutting of pages -------------------------------------------------------------------------------------

PAGE = """# 1. Title

Some text over
two lines.

- **A.** first $x$
  goes on
- second

$$
a | b
$$

| a b | `x | y` | $|v|$ |
|---|---|---|
| c | 2.5 | d |

<details><summary>Answers</summary>

1. One.

</details>

```
code
```"""


def test_a_page_is_cut_into_units_and_put_together_again():
    wanted = ["Title", "Some text over two lines.", "first $x$ goes on", "second", "a b", "c", "d", "Answers", "One."]
    assert units.units(PAGE) == wanted
    joined = PAGE.replace("over\ntwo", "over two").replace("$x$\n  goes", "$x$ goes")
    assert units.rebuilt(PAGE, lambda text: text) == joined
    assert units.rebuilt(PAGE, str.upper).split("\n")[0] == "# 1. TITLE"


# --- what is missing, changed or new --------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    """An edition of one notebook, in a folder of its own."""
    (tmp_path / "notebooks" / "deeper").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "notebooks" / "02_fm_on_movielens.ipynb", tmp_path / "notebooks")
    shutil.copytree(ROOT / "locale", tmp_path / "locale")
    return translate.Edition(tmp_path)


def first_cell(wanted, name):
    return translate.source(json.loads(wanted[Path("notebooks/zh") / name])["cells"][0])


def test_a_new_chapter_shows_up_as_untranslated(small):
    text = (small.root / "notebooks" / "02_fm_on_movielens.ipynb").read_text(encoding="utf-8")
    text = text.replace("# 2. FM on MovieLens", "# 7. Something entirely new")
    (small.root / "notebooks" / "07_new.ipynb").write_text(text, encoding="utf-8")
    catalogues, wanted, _ = translate.everything(small)
    assert first_cell(wanted, "07_new.ipynb").startswith("# 7. Something entirely new（待更新）\n\n[English](")
    assert "学完本章" in first_cell(wanted, "07_new.ipynb")  # what other chapters have is known already
    assert catalogues["notebooks/07_new"].get("Something entirely new").string in (None, "")


def test_a_changed_text_is_fuzzy_and_shown_in_english(small):
    path = small.root / "notebooks" / "02_fm_on_movielens.ipynb"
    old = "say what AUC, log loss and RMSE mean, and work out an AUC by hand"
    path.write_text(path.read_text(encoding="utf-8").replace(old, old.replace("by hand", "on paper")), encoding="utf-8")
    catalogues, wanted, _ = translate.everything(small)
    assert "on paper (exercise 2.5).（待更新）" in first_cell(wanted, path.name)
    fuzzy = [message for message in catalogues["notebooks/02_fm_on_movielens"] if message.id and message.fuzzy]
    assert [message.id for message in fuzzy] == [old.replace("by hand", "on paper") + " (exercise 2.5)."]
    assert "对数损失" in fuzzy[0].string
    translate.write(small, wanted, b"")
    assert translate.everything(small)[1] == wanted  # it stays so until somebody translates it


def test_a_moved_text_keeps_its_translation(small):
    (small.root / "notebooks" / "02_fm_on_movielens.ipynb").rename(small.root / "notebooks" / "03_fm.ipynb")
    catalogues, _, _ = translate.everything(small)
    catalogue = catalogues["notebooks/03_fm"]
    assert len(translate.good(catalogue)) == len([m for m in catalogue if m.id]) > 50


def test_strict_refuses_what_is_missing(monkeypatch, capsys):
    catalogue = Catalog(locale="zh_CN")
    catalogue.add("A sentence.", "一句话。")
    monkeypatch.setattr(translate, "everything", lambda edition: ({"x": catalogue}, {}, b""))
    assert translate.main(["--status", "--strict"]) == 0
    catalogue.add("Another sentence.")
    assert translate.main(["--status"]) == 0
    assert translate.main(["--status", "--strict"]) == 1
    assert "1 entries are missing or fuzzy" in capsys.readouterr().out


def test_links_lead_to_chinese_pages_where_there_are_any():
    builder = translate.Builder(EDITION, {})
    text = "[a](../02_fm_on_movielens.ipynb) [b](../../data/README.md#x) [c](https://a.b/c) `[d](e)`"
    text += " [f](../../README.md)"
    moved = "[a](../02_fm_on_movielens.ipynb) [b](../../../data/README.md#x) [c](https://a.b/c) `[d](e)`"
    moved += " [f](../../../README.zh-CN.md)"
    assert builder.links(text, Path("notebooks/deeper/07_bug_clinic.ipynb")) == moved


def test_the_leaders_guide_calls_the_parts_of_the_report_as_the_report_does(built):
    said = translate.good(built[0][translate.CHECKS])
    english, chinese = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("leading.md", "zh/leading.md"))
    for name in ("What to discuss", "Flags", "the input that shows it", *reports.DEPTHS):
        assert name in english and said[name] in chinese, name


# --- the checks in Chinese ------------------------------------------------------------------------------------


def test_english_stays_english_beside_chinese():
    english = check("2.1")
    chinese = zh.check("2.1")
    assert repr(english) == "2.1 Offsets of fields in one table: not attempted yet"
    assert repr(chinese) == "2.1 各个域在同一张表中的偏移量：还没有作答"
    assert chinese.status == english.status and "还没有作答" in chinese._repr_html_()
    assert repr(zh.summary("2")).splitlines()[0] == "共5题，已完成0题；开放实验1个，已提交0个"
    assert repr(summary("2")).splitlines()[0] == "0 of 5 exercises done; open experiments: 0 of 1 reported"


def test_blanks_are_filled_after_the_look_up():
    exercise = EXERCISES["negative_sampling"]
    cheat = {m.key: m.answer for m in exercise.mistakes}["positives"]
    assert re.search(r"电影\d+", zh.check("negative_sampling", cheat).message)
    assert re.search(r"movie \d+", check("negative_sampling", cheat).message)
    long = zh.check("lr_to_fm_by_k", lambda *arguments: 1 / 0)
    assert all(language.columns(line) <= 100 for line in repr(long).splitlines() if not line.startswith("    "))
    assert "你的代码因ZeroDivisionError而中断" in long.message


def test_every_blank_of_the_compiled_messages_is_known():
    for english, said in translate.contents(EDITION.compiled.read_bytes()).items():
        assert rules.kept(english)["blanks"] == rules.kept(said)["blanks"], english


def test_a_chinese_notebook_runs_its_exercises():
    """Import, stub and check cells, outside a notebook: what they print is what the committed notebook shows."""
    cells = read("notebooks/zh/02_fm_on_movielens.ipynb")
    names, seen = {}, 0
    for cell in cells:
        if cell["cell_type"] == "code" and cell["id"].startswith("exercise-"):
            text = translate.source(cell)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(text, names)
            shown = ["".join(o["data"]["text/plain"]) for o in cell["outputs"] if "text/plain" in o.get("data", {})]
            if "summary(" not in text and shown:  # a summary tells of all that this process checked
                assert out.getvalue().strip() == shown[0] and "还没有作答" in shown[0]
                seen += 1
    assert seen == 6 and names["check"] is zh.check and names["TODO"] is TODO


def test_pytest_runs_the_english_edition_unless_told_otherwise():
    spec = importlib.util.spec_from_file_location("conftest_zh", ROOT / "notebooks" / "zh" / "conftest.py")
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    assert not conftest.named(["notebooks/"], ROOT)
    assert not conftest.named(["notebooks/02_fm_on_movielens.ipynb"], ROOT)
    assert conftest.named(["notebooks/zh"], ROOT) and conftest.named(["zh/02_x.ipynb::Cell 1"], ROOT / "notebooks")


SAID = {"Fault": ("message", "hint", "key", "shown", "expected", "got"), "Found": ("wrong", "expected", "got", "hint")}
SAID |= {"Unusable": ("text",), "Case": ()}


def unsaid(source):
    """Words that a check shows as they stand: they have not gone through `say`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := getattr(node.func, "id", "")) in SAID:
            shown = [*zip(SAID[name], node.args), *((k.arg, k.value) for k in node.keywords)]
            for key, value in shown:
                if key in ("message", "hint", "expected", "got", "wrong", "text", "beside"):
                    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
                    texts = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
                    yield from (text for text in texts if re.search("[a-z]{2}", text))


def test_every_message_is_said():
    for path in sorted((ROOT / "nfm_tutorial" / "exercises").rglob("*.py")):
        assert list(unsaid(path.read_text(encoding="utf-8"))) == [], path.name
    assert list(unsaid('Fault("No number.", key="shape")')) == ["No number."]
    assert list(unsaid('Found(wrong, got=f"{n} times")')) == [" times"]
    assert list(unsaid('Fault(say("No number."), key="shape", got=f"{n:.2g}")')) == []


def test_a_chinese_notebook_is_graded_like_an_english_one():
    nb = json.loads((ROOT / "notebooks" / "zh" / "02_fm_on_movielens.ipynb").read_text(encoding="utf-8"))
    for cell in nb["cells"]:
        if cell["id"] == "exercise-offsets-of-fields-stub":
            cell["source"] = source_of(EXERCISES["offsets_of_fields"].rights[1], "global_ids")
        if cell["id"] == "exercise-two-kinds-of-negatives-answer":
            cell["source"] = 'answer = "C"\ncheck("2.4", answer);'
        if cell["id"] == "exercise-auc-by-hand-task":
            cell["source"] = "".join(cell["source"]) + "写在题目里的字"
    rows = {row.exercise: row for row in judging.judge(nb)}
    assert {id for id, row in rows.items() if row.verdict == "correct"} == {"2.1", "2.4"}
    assert [id for id, row in rows.items() if "task cell rewritten" in row.flags] == ["2.5"]
