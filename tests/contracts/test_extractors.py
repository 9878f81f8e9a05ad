"""One contract for every reader: sound files give their words and places; all others end with a reason, and soon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from legate_core.knowledge.embed.base import Tokenizer
from legate_core.knowledge.extract.base import Extracted, Unreadable
from legate_core.knowledge.extract.read import READERS, Request, counter, passages_of
from legate_core.knowledge.readers import KINDS, kind_of
from tests.fakes import papers

TO = "\u203a"
"""What stands between a heading and the one under it."""

MARKDOWN = b"""---
title: Lamp guide
author: Mara
---
# Lamps

Intro words.

Care
----

* wipe
* dry

| lamp | price |
| --- | ---: |
| Fjord | 89 |
| Skerry \\| desk | 79 |

```
# no heading
code
```
"""
HTML = b"""<!doctype html><html lang="en"><head><title>Care &amp; bulbs</title><style>p{}</style></head><body>
<h1>Bulbs</h1><p>Use <b>9&nbsp;watts</b> or
less.<script>alert('never')</script></p><!-- hidden --><p hidden>unseen</p>
<h2>Table</h2><table><tr><th>Lamp</th><th>Cap</th></tr><tr><td>Fjord</td><td>E27</td></tr></table>
<nav>menu</nav><div>First<br>second</div></body></html>"""
CSV = b'order;name;total\n1;"Lind; Mara";93,90\n\n2;Brandt;79,40\n'
MBOX = (
    b"From mara Tue\n" + papers.mail("First", "One words.") + b"\nFrom kim Wed\n" + papers.mail("Second", "Two words.")
)
RICH_MAIL = (
    b"From: a@example.com\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/html\n\n<p>Rich <i>words</i></p>\n'
    b'--b\nContent-Type: application/pdf; name="bill.pdf"\nContent-Disposition: attachment; filename="bill.pdf"\n\nx\n--b--\n'
)

SOUND: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "a.txt": (
        b"First line\nstill first.\n\n\nSecond \xe4\xf6\n",
        [("First line\nstill first.", "paragraph 1"), ("Second äö", "paragraph 2")],
    ),
    "utf16.txt": ("Größe\n\nzwei".encode("utf-16"), [("Größe", "paragraph 1"), ("zwei", "paragraph 2")]),
    "bare16.txt": ("Size and more\n\ntwo".encode("utf-16-le"), [("Size and more", "paragraph 1"), ("two", "paragraph 2")]),
    "a.md": (
        MARKDOWN,
        [
            ("Lamps", "Lamps"),
            ("Intro words.", "Lamps"),
            ("Care", f"Lamps {TO} Care"),
            ("* wipe\n* dry", f"Lamps {TO} Care"),
            ("lamp: Fjord; price: 89", f"Lamps {TO} Care, row 1"),
            ("lamp: Skerry | desk; price: 79", f"Lamps {TO} Care, row 2"),
            ("# no heading\ncode", f"Lamps {TO} Care"),
        ],
    ),
    "a.html": (
        HTML,
        [
            ("Bulbs", "Bulbs"),
            ("Use 9 watts or less.", "Bulbs"),
            ("Table", f"Bulbs {TO} Table"),
            ("Lamp: Fjord; Cap: E27", f"Bulbs {TO} Table, row 1"),
            ("First\nsecond", f"Bulbs {TO} Table"),
        ],
    ),
    "a.csv": (CSV, [("order: 1; name: Lind; Mara; total: 93,90", "row 2"), ("order: 2; name: Brandt; total: 79,40", "row 4")]),
    "a.tsv": (b"a\tb\n1\t2\n", [("a: 1; b: 2", "row 2")]),
    "a.eml": (
        papers.mail(),
        [
            ("Your lamp", "Your lamp"),
            (
                "From: Mara <mara@example.com>\nTo: kim@example.com\nDate: Tue, 24 Nov 2026 09:30:00 +0000\n"
                "Subject: Your lamp",
                "Your lamp",
            ),
            ("It is on its way.", "Your lamp"),
        ],
    ),
    "rich.eml": (
        RICH_MAIL,
        [
            ("Grüße", "Grüße"),
            ("From: a@example.com\nSubject: Grüße", "Grüße"),
            ("Rich words", "Grüße"),
            ("Attachments: bill.pdf", "Grüße"),
        ],
    ),
    "a.docx": (
        papers.docx(
            [("Heading 1", "Refunds"), ("", "Within five days."), ("Heading 2", "Late")],
            [("lamp", "price"), ("Fjord", "89")],
        ),
        [
            ("Refunds", "Refunds"),
            ("Within five days.", "Refunds"),
            ("Late", f"Refunds {TO} Late"),
            ("lamp: Fjord; price: 89", f"Refunds {TO} Late, row 1"),
        ],
    ),
    "a.pdf": (
        papers.pdf(["A lamp that is cra-\ncked goes back.", "Second page."], outline=[("One", 1), ("Two", 2)]),
        [
            ("One", "page 1, One"),
            ("A lamp that is cracked goes back.", "page 1, One"),
            ("Two", "page 2, Two"),
            ("Second page.", "page 2, Two"),
        ],
    ),
}  # fmt: skip


def extract(name: str, data: bytes, folder: Path) -> Extracted:
    path = folder / name
    path.write_bytes(data)
    return READERS[kind_of(name)](path)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_gives_its_words_with_their_places(tmp_path: Path, name: str) -> None:
    data, blocks = SOUND[name]
    found = extract(name, data, tmp_path)
    assert [(block.text, block.anchor.words) for block in found.blocks] == blocks


def test_a_mailbox_gives_a_page_for_each_message(tmp_path: Path) -> None:
    found = extract("a.mbox", MBOX, tmp_path)
    assert found.pages == 2
    assert [(block.text, block.anchor.words) for block in found.blocks if "words" in block.text] == [
        ("One words.", "page 1, First"),
        ("Two words.", "page 2, Second"),
    ]


@pytest.mark.parametrize(
    ("name", "title", "about"),
    [
        ("a.md", "Lamp guide", {"author": "Mara"}),
        ("a.html", "Care & bulbs", {"language": "en"}),
        ("a.docx", "A letter", {"author": "Mara Lind"}),
        ("a.pdf", "A paper", {"author": "Mara Lind"}),
        ("a.eml", "Your lamp", {"from": "Mara <mara@example.com>"}),
        ("a.csv", "", {"columns": "order, name, total"}),
    ],
)
def test_what_a_file_says_of_itself_is_kept(tmp_path: Path, name: str, title: str, about: dict[str, str]) -> None:
    found = extract(name, SOUND[name][0], tmp_path)
    assert found.title == title
    assert about.items() <= found.about.items()


def test_every_ending_has_a_reader() -> None:
    assert set(KINDS.values()) == set(READERS)
    assert kind_of("REPORT.PDF") == "pdf"
    assert kind_of("report.tar.gz") == kind_of("none") == kind_of(".") == ""


DAMAGED: list[tuple[str, bytes, str]] = [
    ("locked.pdf", papers.pdf(["Secret."], password="pass"), "password"),
    ("scan.pdf", papers.pdf(["", ""], picture=True), "OCR"),
    ("blank.pdf", papers.pdf([""]), "no text"),
    ("endless.pdf", papers.endless_pdf(), ""),
    ("cut.pdf", papers.pdf(["Words."])[:200], "damaged"),
    ("none.pdf", b"This is no PDF.", "damaged"),
    ("bomb.docx", papers.bomb(), "traps"),
    ("cut.docx", papers.docx([("", "Words.")])[:900], "no whole Word document"),
    ("none.docx", b"PK\x03\x04 not really", "no whole Word document"),
    ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
    ("broken.docx", papers.with_part(papers.docx(), "word/document.xml", b"<w:document"), ""),
    ("binary.txt", bytes(range(256)) * 20, "not a text file"),
    ("binary.md", b"\0\1\2\3" * 400, "not a text file"),
    ("none.eml", b"no headers at all\n\nand words", "no mail"),
    ("none.mbox", b"Dear reader,\n\nnothing.\n", "no mailbox"),
    ("quote.csv", b'a,b\n1,"' + b"x" * 2_000_000 + b"\n", "row of a table"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "said"), DAMAGED, ids=[item[0] for item in DAMAGED])
def test_what_cannot_be_read_ends_with_a_reason_to_act_on(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    request = Request(str(tmp_path / name), kind_of(name), "", 100, 10)
    with pytest.raises(Unreadable) as refused:
        passages_of(request, counter(Tokenizer()))
    sentence = str(refused.value)
    assert said in sentence
    assert sentence.endswith(".")
    assert sentence.count(".") >= 2, "the last sentence says what to do"


BODY = (
    '<w:p><w:r><w:t>Two years.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:del><w:r><w:t>Three.</w:t></w:r></w:del>'
    "</w:p><w:sdt><w:sdtContent><w:sdt><w:sdtContent><w:p><w:r><w:t>A form's words.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    "</w:sdtContent></w:sdt><w:tbl><w:tr><w:tc><w:p><w:r><w:t>lamp</w:t></w:r></w:p></w:tc></w:tr><w:sdt><w:sdtContent><w:tr>"
    "<w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>Fjord</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt>"
    '</w:tbl><w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice>'
    "<w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r>"
    "<w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>"
)


def test_a_word_document_keeps_notes_forms_and_boxes_and_says_each_once(tmp_path: Path) -> None:
    data = papers.with_footnote(papers.with_body(papers.docx(), BODY), "But not for bulbs.")
    found = extract("form.docx", data, tmp_path)
    assert [block.text for block in found.blocks] == [
        "Two years.",
        "But not for bulbs.",
        "A form's words.",
        "lamp: Fjord",
        "Boxed.",
    ]


def test_a_style_based_on_a_heading_is_a_heading(tmp_path: Path) -> None:
    styles = (
        '<w:style w:styleId="Own"><w:name w:val="Chapter"/><w:basedOn w:val="H"/></w:style>'
        '<w:style w:styleId="H"><w:name w:val="heading 2"/><w:basedOn w:val="Own"/></w:style>'
        '<w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>'
    )
    data = papers.with_part(papers.docx(), "word/styles.xml", papers.word_xml("styles", styles))
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{style}</w:t></w:r></w:p>'
        for style in ("Own", "Loop")
    )
    found = extract("styles.docx", papers.with_body(data, body), tmp_path)
    assert [(block.text, block.is_heading) for block in found.blocks] == [("Own", True), ("Loop", False)]


def test_a_document_in_the_strict_format_says_so(tmp_path: Path) -> None:
    kind = "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"
    links = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    links += f'<Relationship Id="r1" Type="{kind}" Target="word/document.xml"/></Relationships>'
    data = papers.with_part(papers.docx([("", "Words.")]), "_rels/.rels", links.encode())
    with pytest.raises(Unreadable, match="Strict"):
        extract("strict.docx", data, tmp_path)


def test_laughing_entities_stay_unopened(tmp_path: Path) -> None:
    try:
        found = extract("laughs.docx", papers.laughs(), tmp_path)
    except Unreadable:
        return
    assert sum(len(block.text) for block in found.blocks) < 100


def test_an_entity_opens_no_file_of_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    try:
        found = extract("stolen.docx", papers.stolen(str(secret)), tmp_path)
    except Unreadable:
        return
    assert "hunter2" not in "".join(block.text for block in found.blocks)


def test_a_damaged_file_is_not_taken_for_the_protected_one_before_it(tmp_path: Path) -> None:
    for name, data, said in [
        ("locked.pdf", papers.pdf(["Secret."], password="pass"), "password"),
        ("pageless.pdf", papers.pdf([]), "damaged"),
    ]:
        with pytest.raises(Unreadable, match=said):
            extract(name, data, tmp_path)


def test_a_page_of_pictures_among_others_is_named(tmp_path: Path) -> None:
    found = extract("part.pdf", papers.pdf(["Words here.", "", "More words.", ""], picture=True), tmp_path)
    assert found.pages == 4
    assert found.notes == ("Pages 2, 4 are pictures without text (scanned), so nothing on them is found.",)


def test_what_was_written_into_a_form_is_read_and_what_is_hidden_is_not(tmp_path: Path) -> None:
    found = extract("form.pdf", papers.filled_form(), tmp_path)
    assert [(block.text, block.anchor.page) for block in found.blocks] == [("Your name: Mara Lind", 1), ("Noted 4.", 1)]


@pytest.mark.parametrize("kind", sorted(READERS))
@pytest.mark.parametrize(
    "data",
    [b"", b"\n \n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"%PDF-1.4", b"PK\x05\x06" + bytes(18), b"<" * 5_000, b"|" * 5_000,
     b"<div>" * 30_000, b"\"" * 999, b"From " * 2_000, b"Subject: =?" * 500, b"a" * 200_000, "\ud7ff\U0010ffff".encode(),
     b"Content-Type: text/plain; charset=punycode\n\nabc-", b"<!--" * 20_000, b"# " * 9_000],
    ids=range(18),
)  # fmt: skip
def test_odd_bytes_give_words_or_a_reason_and_nothing_else(tmp_path: Path, kind: str, data: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(data)
    try:
        passages_of(Request(str(path), kind, "", 100, 10), counter(Tokenizer()))
    except Unreadable as refused:
        if not str(refused).endswith("."):
            raise


@pytest.mark.parametrize("first", ["pdfium", "pypdf"])
def test_both_libraries_read_the_same_words(tmp_path: Path, first: str) -> None:
    from legate_core.knowledge.extract import pdf

    path = tmp_path / "a.pdf"
    path.write_bytes(papers.pdf(["Words of page one.", "Words of page two."]))
    found = pdf.read(path, (first,))
    assert [block.text for block in found.blocks] == ["Words of page one.", "Words of page two."]


@pytest.mark.parametrize("broken", ["by_pdfium", "by_pypdf"])
def test_where_one_library_breaks_the_other_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    from legate_core.knowledge.extract import pdf

    def breaks(path: Path) -> pdf.Pages:
        raise ZeroDivisionError

    monkeypatch.setattr(pdf, broken, breaks)
    path = tmp_path / "a.pdf"
    path.write_bytes(papers.pdf(["Words."]))
    reader: Callable[..., Extracted] = pdf.read
    assert [block.text for block in reader(path).blocks] == ["Words."]
