"""Documents of every kind that Legate reads, made on the spot: sound ones, damaged ones, hostile ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(
    pages: Sequence[str], *, outline: Sequence[tuple[str, int]] = (), password: str = "", picture: bool = False
) -> bytes:
    """A PDF with a line of text on each page; an empty one has a picture on it where `picture` says so."""
    from pypdf import PdfWriter
    from pypdf.generic import (
        ArrayObject,
        DecodedStreamObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        NumberObject,
    )

    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    image = DecodedStreamObject()
    image.set_data(b"\x80")
    image.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(1),
            NameObject("/Height"): NumberObject(1),
            NameObject("/ColorSpace"): NameObject("/DeviceGray"),
            NameObject("/BitsPerComponent"): NumberObject(8),
        }
    )
    for text in pages:
        page = writer.add_blank_page(612, 792)
        lines = text.split("\n")
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        drawn = (
            f"BT /F1 12 Tf 14 TL 72 700 Td {shown} ET"
            if text
            else ("q 400 0 0 400 72 200 cm /Im1 Do Q" if picture else "")
        )
        stream = DecodedStreamObject()
        stream.set_data(drawn.encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
        page[NameObject("/Resources")] = DictionaryObject(
            {
                NameObject("/Font"): DictionaryObject({NameObject("/F1"): font}),
                NameObject("/XObject"): DictionaryObject({NameObject("/Im1"): writer._add_object(image)}),
            }
        )
        page[NameObject("/MediaBox")] = ArrayObject(
            [FloatObject(0), FloatObject(0), FloatObject(612), FloatObject(792)]
        )
    for title, page_number in outline:
        writer.add_outline_item(title=title, page_number=page_number - 1)
    writer.add_metadata({"/Title": "A paper", "/Author": "Mara Lind"})
    if password:
        writer.encrypt(password)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def filled_form() -> bytes:
    """A PDF with no text but a field that was filled in, a password's field, a note, and a hidden note."""
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject, TextStringObject

    writer = PdfWriter()
    page = writer.add_blank_page(612, 792)
    place = ArrayObject([FloatObject(number) for number in (50, 50, 200, 80)])

    def mark(kind: str, flags: int, **values: DictionaryObject | TextStringObject | NameObject | NumberObject) -> Any:
        entries = {"Type": NameObject("/Annot"), "Subtype": NameObject(kind), "F": NumberObject(flags), "Rect": place}
        return writer._add_object(
            DictionaryObject({NameObject(f"/{name}"): value for name, value in (entries | values).items()})
        )

    field = {"FT": NameObject("/Tx"), "V": TextStringObject("Mara Lind")}
    fields = [
        mark("/Widget", 4, T=TextStringObject("f1"), TU=TextStringObject("Your name"), **field),
        mark("/Widget", 4, T=TextStringObject("f2"), Ff=NumberObject(1 << 13), **field),
    ]
    notes = [mark("/Text", flags, Contents=TextStringObject(f"Noted {flags}.")) for flags in (4, 2)]
    page[NameObject("/Annots")] = ArrayObject([*fields, *notes])
    form = DictionaryObject({NameObject("/Fields"): ArrayObject(fields)})
    writer._root_object[NameObject("/AcroForm")] = form
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def endless_pdf() -> bytes:
    """A PDF whose page tree leads back to its root."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2000000000 >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 1000000000 >>",
    ]
    data = bytearray(b"%PDF-1.7\n")
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(data)


def docx(paragraphs: Sequence[tuple[str, str]] = (), table: Sequence[Sequence[str]] = ()) -> bytes:
    """A Word document of (style, text) and a table."""
    from docx import Document

    document = Document()
    document.core_properties.title = "A letter"
    document.core_properties.author = "Mara Lind"
    for style, text in paragraphs:
        document.add_paragraph(text, style=style or None)
    if table:
        made = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """An archive with one part put in the place of another."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != name:
                new.writestr(member.filename, old.read(member))
        new.writestr(name, content)
    return target.getvalue()


def word_xml(root: str, inner: str) -> bytes:
    """A part of a Word document."""
    return f'<?xml version="1.0"?><w:{root} xmlns:w="{WORD}">{inner}</w:{root}>'.encode()


def with_body(data: bytes, body: str) -> bytes:
    """A Word document with this inside its body."""
    return with_part(data, "word/document.xml", word_xml("document", f"<w:body>{body}</w:body>"))


def with_footnote(data: bytes, text: str) -> bytes:
    """A Word document that has a footnote with the id 2."""
    note = f'<w:footnote w:id="2"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote>'
    links = zipfile.ZipFile(io.BytesIO(data)).read("word/_rels/document.xml.rels")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    link = f'<Relationship Id="rNote" Type="{kind}" Target="footnotes.xml"/></Relationships>'.encode()
    data = with_part(data, "word/_rels/document.xml.rels", links.replace(b"</Relationships>", link))
    return with_part(data, "word/footnotes.xml", word_xml("footnotes", note))


def bomb() -> bytes:
    """A Word document whose text unpacks to 300 MB."""
    head = f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>'.encode()
    return with_part(
        docx(), "word/document.xml", head + b" " * 300_000_000 + b"</w:t></w:r></w:p></w:body></w:document>"
    )


def laughs() -> bytes:
    """A Word document whose text is a billion laughs."""
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>&a9;</w:t></w:r></w:p></w:body></w:document>'
    return with_part(docx(), "word/document.xml", f"<?xml version='1.0'?><!DOCTYPE d [{entities}]>{body}".encode())


def stolen(path: str) -> bytes:
    """A Word document whose text is to be a file of the machine that reads it."""
    body = (
        f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>before &x; after</w:t></w:r></w:p></w:body></w:document>'
    )
    head = f"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY x SYSTEM \"file://{path}\">]>"
    return with_part(docx(), "word/document.xml", (head + body).encode())


def mail(subject: str = "Your lamp", body: str = "It is on its way.", extra: str = "") -> bytes:
    """One message."""
    return (
        f"From: Mara <mara@example.com>\r\nTo: kim@example.com\r\nDate: Tue, 24 Nov 2026 09:30:00 +0000\r\n"
        f"Subject: {subject}\r\n{extra}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()
