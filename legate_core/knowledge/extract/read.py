"""From a file to passages, in a process that can do nothing else: which reader, its limits, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from legate_core.knowledge.chunk import Block, Size, chunked
from legate_core.knowledge.embed.base import Tokenizer
from legate_core.knowledge.extract import docx, html, mail, markdown, page, pdf, tabular, text
from legate_core.knowledge.extract.base import Extracted, Unreadable
from legate_core.knowledge.words import legible, words_of
from legate_core.processes.limits import bound_memory, seal

READERS: dict[str, Callable[[Path], Extracted]] = {
    "text": text.read,
    "markdown": markdown.read,
    "html": html.read,
    "pdf": pdf.read,
    "docx": docx.read,
    "csv": tabular.read,
    "mail": mail.read,
    "mailbox": mail.read_mailbox,
}

MAX_CHUNKS = 60_000
MEMORY_BYTES = 1_500_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """One file to read: where it is, as what, and how its passages are measured."""

    path: str
    kind: str
    tokenizer: str
    most_tokens: int
    overlap_tokens: int
    only: str = ""
    """For a PDF: the one library that reads it, where the two together did not come to an end."""


def serve(config: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """The child: import every library, give up everything else, then read one file after the other."""
    _import_everything()
    counts = {path: counter(Tokenizer(path)) for path in config["tokenizers"]}
    bound_memory(int(config["memory_bytes"]))
    seal()

    def answer(message: dict[str, Any]) -> Any:
        try:
            if "page" in message:
                return page.drawn(Path(message["path"]), message["page"], message["width"], message["passage"])
            request = Request(**message)
            return passages_of(request, counts[request.tokenizer])
        except Unreadable as error:
            return {"failed": str(error)}

    return answer


def passages_of(request: Request, count: Callable[[Sequence[str]], Sequence[int]]) -> dict[str, Any]:
    """A file's passages and what is known of it, as plain data. Raises `Unreadable`."""
    found = _extracted(request)
    if not found.blocks:
        raise Unreadable("The file holds no text. There is nothing in it to find.")
    size = Size(request.most_tokens, request.overlap_tokens)
    _, chunks = chunked(found.blocks, count, size)
    if len(chunks) > MAX_CHUNKS:
        raise Unreadable(f"The file has more than {MAX_CHUNKS:,} passages. Split it into smaller files.")
    if not chunks:
        raise Unreadable("The file holds no text. There is nothing in it to find.")
    return {
        "title": _clean(found.title)[:400],
        "pages": found.pages,
        "notes": list(found.notes),
        "about": {_clean(name): _clean(value) for name, value in found.about.items()},
        "chunks": [
            (
                _clean(chunk.text),
                chunk.start,
                chunk.end,
                chunk.anchor.page,
                [_clean(words) for words in chunk.anchor.heading],
                chunk.anchor.paragraph,
                chunk.anchor.row,
                chunk.tokens,
            )
            for chunk in chunks
        ],
    }


def _extracted(request: Request) -> Extracted:
    path = Path(request.path)
    try:
        only_one = request.kind == "pdf" and request.only
        found = pdf.read(path, (request.only,)) if only_one else READERS[request.kind](path)
    except OSError as error:
        raise Unreadable(f"The file cannot be opened ({error.strerror}). Add it again.") from error
    return replace(found, blocks=tuple(map(_legible, found.blocks)))


def _legible(block: Block) -> Block:
    heading = block.anchor.heading
    if block.text.isascii() and all(words.isascii() for words in heading):
        return block
    return replace(block, text=legible(block.text), anchor=replace(block.anchor, heading=tuple(map(legible, heading))))


def counter(tokenizer: Tokenizer) -> Callable[[Sequence[str]], Sequence[int]]:
    """Counts the tokens of texts by this tokenizer, or their words where there is none."""
    if not tokenizer.path:
        return lambda texts: [len(words_of(item)) for item in texts]
    from tokenizers import Tokenizer as FastTokenizer

    fast: Any = FastTokenizer.from_file(tokenizer.path)
    fast.no_padding()
    fast.no_truncation()
    return lambda texts: [
        len(item.ids) for item in fast.encode_batch_fast([_clean(text) for text in texts], add_special_tokens=False)
    ]


def _import_everything() -> None:
    """Nothing is imported once the process is sealed: an import opens files, and libraries do odd things in theirs."""
    for name in (
        *("email.mime.text", "encodings.idna", "encodings.cp1252", "encodings.utf_16", "encodings.utf_32", "zipfile"),
        *("docx", "docx.table", "docx.text.paragraph", "lxml.etree", "pypdf", "pypdfium2", "pypdfium2.raw"),
    ):
        import_module(name)


def _clean(words: str) -> str:
    """Text that every part of Legate can hold: no lone surrogates, no NUL; as many characters as before."""
    return words.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
