"""What a translated entry must keep, and how Chinese is typeset. `problems` yields what is wrong with one entry.

A comment of the translator, `# not the term: field`, says that a word is no term there ("a field of research").
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from translation_units import CODE, FORMULA, LINK, words_of  # noqa: E402

GLOSSARY = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"
# Short forms that serve as well once the term is known.
SHORT = {
    "特征交叉": ("交叉",),
    "因子分解机": ("FM",),
    "神经因子分解机": ("NFM",),
    "双线性交互池化": ("Bi-Interaction",),
    "随机种子": ("种子",),
    "隐向量": ("隐因子向量",),
    "逻辑回归": ("LR",),
    "命中率": ("HR@",),
    "正则化": ("正则",),
    "测试集、验证集": (),  # two terms in one line, below
    "对交叉项线性": (),
}
ALSO = {"test set": "测试集", "validation set": "验证集"}
MATHS = {"exp", "ln", "log", "log2", "sqrt"}  # formulas as well; a capital begins a word, as in "Adam(6.8)"
HAN = "\u4e00-\u9fff"


def terms() -> dict[str, tuple[str, ...]]:
    """{English term: the Chinese words of which one must stand in the translation}."""
    return _terms(GLOSSARY.read_text(encoding="utf-8"))


@cache
def _terms(text: str) -> dict[str, tuple[str, ...]]:
    found = dict.fromkeys(())
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and cells[0] != "term" and not cells[0].startswith("---"):
            english = re.sub(r"\s*\([^)]*\)", "", cells[0]).split(",")[0]
            if cells[1] in ("测试集、验证集", "对交叉项线性"):
                continue
            found[english] = (cells[1], *SHORT.get(cells[1], ()))
    return found | {english: (said,) for english, said in ALSO.items()}


def missing_terms(english: str, said: str, known: dict[str, tuple[str, ...]] | None = None) -> list[str]:
    """The terms of the English text whose Chinese the translation lacks; a longer term hides those inside it."""
    text = re.sub(r"\w+=\{[^}]*\}", " ", words_of(english)).lower()  # setting={"epochs": 4} is code
    found = []
    known = terms() if known is None else known
    for term in sorted(known, key=len, reverse=True):
        pattern = rf"(?<![\w-]){re.escape(term.lower())}(?:s|es)?(?![\w-])"
        if re.search(pattern, text):
            text = re.sub(pattern, " ", text)
            if not any(word.lower() in said.lower() for word in known[term]):
                found.append(term)
    return found


def kept(text: str) -> dict[str, Counter]:
    """Code spans, formulas, links, numbers and blanks of a text."""
    code = re.findall(CODE, text)
    rest = re.sub(CODE, " ", text)
    formulas = re.findall(FORMULA, rest, flags=re.S)
    rest = re.sub(FORMULA, " ", rest, flags=re.S)
    links = re.findall(LINK, rest) + re.findall(r"(?<!\()https?://[^\s）)]+", rest)
    rest = re.sub(LINK, "]", rest)
    rest = re.sub(r"https?://[^\s）)]+", " ", rest)
    return {
        "code": Counter(code),
        "formulas": Counter(formula.strip() for formula in formulas),
        "links": Counter(links),
        "blanks": Counter(re.findall(r"\{\w+\}", rest)),
        "numbers": Counter(re.findall(r"(?<![A-Za-z_\d])\d+(?:[.,]\d+)*", re.sub(r"\{\w+\}", " ", rest))),
        "HTML tags": Counter(re.findall(r"</?[a-z]+>", rest)),
    }


def lost(english: str, said: str) -> Iterator[str]:
    """What the translation does not keep."""
    before, after = kept(english), kept(said)
    for kind in before:
        if before[kind] != after[kind]:
            gone, new = before[kind] - after[kind], after[kind] - before[kind]
            yield f"{kind} differ: lacks {sorted(gone)}, has {sorted(new)}"


def typesetting(said: str) -> Iterator[str]:
    """Breaches of the usual rules of Chinese typesetting."""
    text = re.sub(LINK, "]", said)
    shape = re.sub(FORMULA, "x", re.sub(CODE, "code", text), flags=re.S)  # both count as Latin letters
    words = re.sub(r"https?://\S+|<[^>]*>", "x", shape)
    bare = re.sub(r"[*_\[\]]", "", words)
    for found in re.findall(rf"[{HAN}，。：；！？、（）“”]\s+\S|\S\s+[{HAN}，。：；！？、（）“”]", bare):
        if not re.match(r"[·—|-]", found[0]) and found[-1] not in "·—|-*":
            yield f"a space beside Chinese: {found!r}"
    for found in re.findall(rf"[{HAN}][,;:!?](?![A-Za-z0-9/])|[,;:!?][{HAN}]|[{HAN}]\.(?![A-Za-z0-9.])", bare):
        yield f"half-width punctuation: {found!r}"
    for found in re.findall(r"（([^（）]*)）", bare):
        if not re.search(rf"[{HAN}{{]|[A-Za-z]{{2}}", found):
            yield f"full-width brackets round numbers or formulas: （{found}）"
        if re.fullmatch(r"(?!code$)[A-Za-z][A-Za-z -]+", found):
            yield f"full-width brackets round Latin words: （{found}）"
    for found in re.findall(rf"(?<![A-Za-z0-9_\]])\(([^()]*[{HAN}][^()]*)\)", bare):
        yield f"half-width brackets round Chinese: ({found})"
    signs = re.sub(FORMULA, "@", re.sub(CODE, "@", text), flags=re.S)
    yield from copied(signs)
    yield from emphasis(signs)  # beside stars both count as signs
    if "——" in said and re.search(r"\s——|——\s", said):
        yield "spaces round a dash"


def is_code(text: str) -> bool:
    """Whether Python can read a text that calls something or takes a slice: what a reader may copy."""
    try:
        nodes = list(ast.walk(ast.parse(text.strip())))
    except (SyntaxError, ValueError):
        return False
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    named = {node.id for node in called if isinstance(node, ast.Name)} - MATHS
    methods = any(isinstance(node, ast.Attribute) for node in called)
    return methods or any(name[0].islower() for name in named) or any(isinstance(node, ast.Slice) for node in nodes)


def copied(text: str) -> Iterator[str]:
    """Code that is no code span, with a full-width sign in it or at its end: copied, it is a SyntaxError."""
    for code, sign in re.findall(r"([ -~]+)([。；])", text):
        if is_code(code):
            yield f"full-width punctuation behind code: {code.strip() + sign!r}"
    for found in re.findall(r"[\w)\]][(\[][^()\[\]]*[，；。（）][^()\[\]]*[)\]]", text, flags=re.A):
        yield f"full-width punctuation inside code: {found!r}"


def emphasis(text: str) -> Iterator[str]:
    """Stars that Markdown does not take for emphasis: beside a letter outside, punctuation may not stand inside."""
    open_: list[str] = []
    for stars in re.finditer(r"\*+", text):
        before, after = text[: stars.start()][-1:], text[stars.end() :][:1]
        closes = bool(open_) and open_[-1] == stars[0]
        inside, outside = (before, after) if closes else (after, before)
        if re.match(r"\w", outside) and re.match(r"[^\w\s*]", inside):
            yield f"no emphasis, punctuation must stand outside: {(before + stars[0] + after)!r}"
        open_ = open_[:-1] if closes else [*open_, stars[0]]


def left_over(said: str) -> list[str]:
    """Four and more English words in a row, outside titles in italics and quotations of code."""
    text = re.sub(r"(?<!\*)\*(?=[A-Z])[^*]+\*(?!\*)|\[[^\]]* for [^\]]*\]", " ", words_of(said))
    return re.findall(r"\b[A-Za-z]+(?:[ ,']+[A-Za-z]+){3,}", text)


def excused(message) -> set[str]:
    """The words that a comment calls no terms."""
    said = " ".join(message.user_comments)
    return {term.strip() for part in re.findall(r"not the term: ([^;]*)", said) for term in part.split(",")}


def problems(message) -> Iterator[str]:
    """Everything that is wrong with a translated entry (a Babel Message)."""
    english, said = message.id, message.string
    yield from lost(english, said)
    yield from typesetting(said)
    for term in missing_terms(english, said):
        if term not in excused(message):
            yield f'"{term}" is {" or ".join(terms()[term])} in the glossary'
    for rest in left_over(said):
        yield f"English left over: {rest!r}"
    if said == english and not is_code(said) and re.search(r"\b[a-z]{2,} [a-z]{2,}\b", words_of(english)):
        yield "not translated"
