"""Markdown as units of translation: what a translator gets, and how a page is put together again.

A unit is a paragraph, a list item, a heading, a table cell, the text of a <summary>, in one line. What is no unit is
kept as it is: code fences, displayed formulas, tags, and cells without words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

CODE, FORMULA = r"`+[^`]*`+", r"\$\$.*?\$\$|\$[^$\n]+\$"
LINK = r"\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)"
ITEM = re.compile(r"^(\s*(?:[-*+]|\d+\.)\s+)(.*)$")
CHOICE = re.compile(r"^(\*\*[A-H]\.\*\* )(.*)$")


@dataclass(frozen=True)
class Unit:
    """One text to translate."""

    text: str


def masked(text: str) -> str:
    """The text with every character of code and formulas replaced, so that positions stay."""
    return re.sub(f"{CODE}|{FORMULA}", lambda found: "\0" * len(found[0]), text, flags=re.S)


def words_of(text: str) -> str:
    """What is language in a text: without code, formulas, the targets of links and web addresses."""
    text = re.sub(f"{CODE}|{FORMULA}", " ", text, flags=re.S)
    return re.sub(r"https?://\S+|<[^>]*>", " ", re.sub(LINK, "]", text))


def pieces(source: str, keep: Callable[[int, str], bool] = lambda column, text: False) -> list[str | Unit]:
    """A text cut into Units and what stands between them; `"".join` of both is the text, up to line breaks in a unit.

    keep: (column, text) of a table's cell -> whether it stays as it is.
    """
    found: list[str | Unit] = []
    lines = source.split("\n")
    i = 0
    while i < len(lines):
        if i:
            found.append("\n")
        line = lines[i]
        if re.match(r"\s*```", line):
            end = next((j for j in range(i + 1, len(lines)) if re.match(r"\s*```", lines[j])), len(lines) - 1)
        elif re.match(r"\s*\$\$", line):
            closed = re.match(r"\s*\$\$.*\$\$", line)
            end = i if closed else next((j for j in range(i + 1, len(lines)) if "$$" in lines[j]), len(lines) - 1)
        else:
            end = None
        if end is not None:
            found.append("\n".join(lines[i : end + 1]))
            i = end + 1
            continue
        if not line.strip() or re.fullmatch(r"\s*(</?\w+[^>]*>|---+)\s*", line):
            found.append(line)
        elif summary := re.fullmatch(r"(\s*(?:<details>)?<summary>)(.*)(</summary>)", line):
            found += [summary[1], *unit(summary[2]), summary[3]]
        elif heading := re.match(r"(#{1,6}\s+(?:D?\d+(?:\.\d+)*\.?\s+)?)(.*)", line):  # its number is no part of it
            found += [heading[1], *unit(heading[2])]
        elif line.lstrip().startswith("|"):
            found += row(line, keep)
        else:
            i = block(lines, i, found)
            continue
        i += 1
    return found


def block(lines: list[str], i: int, found: list[str | Unit]) -> int:
    """A paragraph, an item of a list or a line of a quotation; return the number of the line after it."""
    item, quote = ITEM.match(lines[i]), re.match(r"(>\s?)(.*)$", lines[i])
    if item:
        prefix, first = item.groups()
        if choice := CHOICE.match(first):
            prefix, first = prefix + choice[1], choice[2]
    elif quote:
        prefix, first = quote.groups()
    else:
        prefix, first = re.match(r"(\s*)(.*)$", lines[i]).groups()
    text = [first]
    i += 1
    while i < len(lines) and not starts_something(lines[i]):
        text.append(lines[i].lstrip("> " if quote else " "))
        i += 1
    found += [prefix, *unit(" ".join(part.strip() for part in text if part.strip()))]
    return i


def starts_something(line: str) -> bool:
    """Whether a line cannot be the continuation of the paragraph above it."""
    return not line.strip() or bool(re.match(r"\s*(```|\$\$|\||#{1,6} |[-*+] |\d+\. |</?(details|summary)\b)", line))


def row(line: str, keep: Callable[[int, str], bool]) -> list[str | Unit]:
    """A table's line: its cells are units, also those that hold a bar within code or a formula."""
    bars = [i for i, character in enumerate(masked(line)) if character == "|" and line[i - 1 : i] != "\\"]
    found: list[str | Unit] = [line[: bars[0] + 1]]
    for column, (left, right) in enumerate(zip(bars, bars[1:])):
        cell = line[left + 1 : right]
        text = cell.strip()
        start = cell.index(text) if text else 0
        inner = [text] if keep(column, text) else unit(text)
        found += [cell[:start], *inner, cell[start + len(text) :], "|"]
    return [*found, line[bars[-1] + 1 :]] if len(bars) > 1 else [line]


def unit(text: str) -> list[str | Unit]:
    """A unit, if there are words in the text."""
    return [Unit(text) if re.search(r"[^\W\d_]", words_of(text)) else text]


def units(source: str, keep=lambda column, text: False) -> list[str]:
    """The texts to translate, in order."""
    return [piece.text for piece in pieces(source, keep) if isinstance(piece, Unit)]


def rebuilt(source: str, translate: Callable[[str], str], keep=lambda column, text: False) -> str:
    """The text with every unit translated."""
    parts = [translate(piece.text) if isinstance(piece, Unit) else piece for piece in pieces(source, keep)]
    return "".join(parts)
