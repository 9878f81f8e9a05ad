"""Words of a question and of a passage: which to search for, which to mark, and which language they are probably in. Pure.

Chinese, Japanese and Korean are searched for by pairs of letters, since what a word is in them no blank tells: the index holds
their letters one by one, and a question asks for two in a row.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterator

MAX_WORDS = 32
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
# Han, kana and hangul. Thai has no blanks either, but its vowel signs already part it into syllables.
_UNSPACED = re.compile(
    "[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+"
)

# The commonest small words of the languages that Legate's users mostly write in. They stand in every passage, so that
# searching for them costs much and finds nothing.
STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a about after all also an and any are as at be because been before but by can could did do does for from had "
        "has have how i if in into is it its may more most my no not of on one or other our out over shall she he should so "
        "some such than that the their them then there these they this those to under up was we were what when where which "
        "while who whom whose why will with would you your",
        "de": "aber als am an auch auf aus bei bin bis bist da das dass dein dem den der des die dies diese dieser dieses doch "
        "du durch ein eine einem einen einer eines er es für gegen hat hatte hatten haben ich ihm ihn ihr ihre im in ist ja "
        "kann kein keine können man mehr mein mit nach nicht noch nur ob oder ohne sein seine sich sie sind so über um und "
        "uns unter vom von vor war waren warum was welche welchem welchen welcher welches wenn wer werden wie wieviel viele "
        "wird wo woher wurde wurden zu zum zur zwischen",
        "fr": "à au aux avec ce ces cette comme dans de des du elle en est et être il ils je la le les leur lui mais ne nous "
        "on ou où par pas plus pour qu que quel quelle quels quelles qui sa se ses son sont sur un une vous y",
        "es": "a al como con cual cuál cuándo de del desde donde dónde el ella en entre era es esta este fue la las lo los más "
        "no o para pero por qué que quién se sin sobre son su sus un una y",
        "it": "a al alla anche che chi ci come con da dal dalla dei del della di dove e è gli ha i il in io la le lo ma nel "
        "nella non o per più quale quali quando questo se si sono su sul una uno un",
        "nl": "aan als bij dat de den der deze die dit door een en er had heeft hem het hij hoe hun ik in is je kan maar met na "
        "naar niet nog of om ook op over te tot uit van veel voor waar wanneer waarom was wat we welke werd wie wordt zij",
        "pt": "a à ao aos as com como da das de do dos e é em entre era foi mais mas na nas não no nos o onde os ou para pela "
        "pelo por qual quais quando que quem se são sem sua suas um uma",
    }.items()
}
ALL_STOP_WORDS = frozenset[str]().union(*STOP_WORDS.values())


def folded(word: str) -> str:
    """A word as it is compared: without case, accents and compatibility forms."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    """The words of a text in order, in small letters; ß stays, as the full-text indexes keep it."""
    return [found.group().lower() for found in _WORD.finditer(legible(text))]


def legible(text: str) -> str:
    """A text with each letter written one way: accents with their letter, no ligatures, no hyphens that nobody sees within
    words. Two texts that look alike then are alike, for indexes and for whoever searches."""
    if text.isascii():
        return text
    return _UNSEEN_HYPHEN.sub("", unicodedata.normalize("NFC", text).translate(_LIGATURES))


_UNSEEN_HYPHEN = re.compile(r"(?<=\w)\u00ad+(?=\w)")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


def _spellings(word: str) -> Iterator[str]:
    """A word, and how it is written where ß is not, or is: whoever searches may come from either place."""
    yield word
    if "ß" in word:
        yield word.replace("ß", "ss")
    elif "ss" in word:
        yield word.replace("ss", "ß")


def spaced(text: str) -> str:
    """A text as the full-text index takes it: letters of scripts without blanks stand by themselves."""
    return _UNSPACED.sub(lambda run: f" {' '.join(run.group())} ", text)


def _parts(word: str, at: int = 0) -> Iterator[tuple[str, int, int]]:
    """A word, or the pairs of letters in it, each with its place. A pair is written with a blank, as a phrase of two words."""
    last = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > last:
            yield word[last : run.start()], at + last, at + run.start()
        letters = run.group()
        for place in range(max(1, len(letters) - 1)):
            pair = letters[place : place + 2]
            yield " ".join(pair), at + run.start() + place, at + run.start() + place + len(pair)
        last = run.end()
    if last < len(word):
        yield word[last:], at + last, at + len(word)


def searched(question: str) -> tuple[str, ...]:
    """The words worth searching for, each once: all but the small ones, or all where there are only small ones."""
    found = list(dict.fromkeys(part for word in words_of(question) for part, _, _ in _parts(word)))
    telling = [word for word in found if word not in ALL_STOP_WORDS]
    return tuple(dict.fromkeys(way for word in (telling or found)[:MAX_WORDS] for way in _spellings(word)))


def language_of(text: str) -> str:
    """The language most of a text's small words belong to: "en", "de" and so on; empty where none can be told."""
    words = words_of(text[:4_000])
    counts = {language: sum(word in small for word in words) for language, small in STOP_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    others = sorted(counts.values())
    return best if counts[best] > 0 and others[-1] > others[-2] else ""


def highlights(passage: str, wanted: Collection[str]) -> tuple[tuple[int, int], ...]:
    """Where in a passage the words stand, other endings of theirs included, as (start, end); pairs that overlap are one place."""
    stems = {_stem(folded(word)) for word in wanted}
    found: list[tuple[int, int]] = []
    for word in _WORD.finditer(passage):
        for stem, first, last in _stems_in(word.group()):
            if stem not in stems:
                continue
            start, end = word.start() + first, word.start() + last
            if found and start < found[-1][1]:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return tuple(found)


_ENDINGS = (
    "ments",
    "ment",
    "ings",
    "ing",
    "ions",
    "ion",
    "ies",
    "ern",
    "ed",
    "es",
    "en",
    "er",
    "em",
    "s",
    "e",
    "n",
    "y",
)


@functools.lru_cache(4_096)
def _stems_in(word: str) -> tuple[tuple[str, int, int], ...]:
    """What a word's parts have in common with those that are marked with them, each with its place in the word. Remembered:
    passages share most of their words."""
    return tuple((_stem(folded(part)), start, end) for part, start, end in _parts(word))


def _stem(word: str) -> str:
    """A word without its ending, roughly: enough to mark "refunds" where "refund" was asked for."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
