"""Public test collections: documents, questions, and which documents answer each; and the measure both are judged by.

They are not part of the project. A folder, given as an argument or by LEGATE_COLLECTIONS, holds:

    cran.all.1400, cran.qry, cranqrel      Cranfield, which many hand on (1,400 abstracts, 225 questions)
    xquad.en.json, xquad.de.json           XQuAD (CC-BY-SA), at google-deepmind/xquad (240 paragraphs, 1,190 questions each)

Any other xquad.*.json that lies there is taken as well: a language that nothing was tuned by.
"""

from __future__ import annotations

import collections
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("cran.all.1400", "cran.qry", "cranqrel", "xquad.en.json", "xquad.de.json")


@dataclass(frozen=True)
class Collection:
    """A public test collection: documents by id, questions, and which documents answer each."""

    name: str
    documents: Mapping[str, str]
    questions: Sequence[str]
    relevant: Sequence[frozenset[str]]


def cranfield(folder: Path) -> Collection:
    """1,398 abstracts with words in them, 225 questions."""
    documents: dict[str, str] = {}
    for part in re.split(r"^\.I ", (folder / "cran.all.1400").read_text(), flags=re.M)[1:]:
        number, rest = part.split("\n", 1)
        fields = dict(re.findall(r"^\.([TABW])\n(.*?)(?=^\.[TABW]\n|\Z)", rest, flags=re.M | re.S))
        title, words = (" ".join(fields.get(name, "").split()) for name in "TW")
        if words:
            documents[number.strip()] = f"# {title}\n\n{words.removeprefix(title).strip()}\n"
    questions = [
        " ".join(part.split(".W\n")[1].split())
        for part in re.split(r"^\.I ", (folder / "cran.qry").read_text(), flags=re.M)[1:]
    ]
    relevant: dict[int, set[str]] = collections.defaultdict(set)
    for line in (folder / "cranqrel").read_text().splitlines():
        question, document, code = (int(word) for word in line.split()[:3])
        if code > 0:
            relevant[question].add(str(document))
    return Collection(
        "Cranfield", documents, questions, [frozenset(relevant[place + 1]) for place in range(len(questions))]
    )


def xquad(folder: Path, language: str) -> Collection:
    """240 paragraphs, 1,190 questions; each is answered by one paragraph."""
    documents: dict[str, str] = {}
    questions: list[str] = []
    relevant: list[frozenset[str]] = []
    for article in json.loads((folder / f"xquad.{language}.json").read_text())["data"]:
        for paragraph in article["paragraphs"]:
            key = str(len(documents))
            documents[key] = paragraph["context"]
            for item in paragraph["qas"]:
                questions.append(item["question"])
                relevant.append(frozenset({key}))
    return Collection(f"XQuAD {language}", documents, questions, relevant)


def ndcg(ranked: Iterable[str], relevant: frozenset[str], at: int = 10) -> float:
    """Normalised discounted cumulative gain with relevance yes or no."""
    gain = sum(1 / math.log2(place + 2) for place, key in enumerate(list(ranked)[:at]) if key in relevant)
    best = sum(1 / math.log2(place + 2) for place in range(min(at, len(relevant))))
    return gain / best if best else 0.0


def folder_of(arguments: Sequence[str]) -> Path:
    """The folder with the collections; ends the program with what to put there where something is missing."""
    folder = Path(arguments[0] if arguments else os.environ.get("LEGATE_COLLECTIONS", ""))
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        sys.exit(f"{folder.resolve()} lacks {', '.join(missing)}.\n\n{__doc__}")
    return folder


def all_in(folder: Path) -> Iterable[Collection]:
    """Every collection of a folder, the three that are tuned by first."""
    yield cranfield(folder)
    languages = {path.name.split(".")[1] for path in folder.glob("xquad.*.json")} - {"en", "de"}
    for language in ("en", "de", *sorted(languages)):
        yield xquad(folder, language)
