"""Files that people send: honest ones are kept under a tidy name, hostile ones are refused with a sentence."""

import io
import struct
import zipfile
import zlib

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfWriter

from tests.fixtures import NOW
from trust.codes import DOCUMENT_TYPES, IMPORT_TYPES, FileKind
from trust.errors import RuleBroken
from trust.forms import UploadField
from trust.models import StoredFile
from trust.services import file_bytes, keep_upload
from trust.services.uploads import kind_of_content, safe_name
from trust.web import file_response

# --- honest files -------------------------------------------------------------------------------------------------


def pdf(*, extra=b"", body=b"", tail=b"%%EOF\n"):
    """A small PDF; ``extra`` goes into its catalogue, ``body`` stands as further objects."""
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + extra + b" >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
        + body
        + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n"
        + tail
    )


def object_stream(text, *, words=b"/Type /ObjStm /Filter /FlateDecode", packed=None):
    packed = zlib.compress(text) if packed is None else packed
    head = b"5 0 obj\n<< " + words + b" /N 1 /First 4 /Length " + str(len(packed)).encode() + b" >>\nstream\n"
    return head + packed + b"\nendstream\nendobj\n"


def written_pdf():
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": "Insurance"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def image(kind, **more):
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, kind, **more)
    return out.getvalue()


PNG, JPEG = image("PNG"), image("JPEG")

TYPES = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
WORDS = b'<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Signed by DDE Ltd</w:t></w:r></w:p></w:body></w:document>'


def archive(parts):
    """A ZIP of (name, content) pairs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts:
            made.writestr(name, content)
    return out.getvalue()


def docx(*more, words=WORDS, types=TYPES):
    return archive([("[Content_Types].xml", types), ("word/document.xml", words), *more])


def xlsx(*more):
    return archive([("[Content_Types].xml", TYPES), ("xl/workbook.xml", b"<workbook/>"), *more])


def workbook():
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Part", "Code"])
    book.save(out)
    return out.getvalue()


def rels(kind, target="https://example.org/x"):
    return (
        b'<Relationships><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        + kind
        + b'" Target="'
        + target.encode()
        + b'" TargetMode="External"/></Relationships>'
    )


HONEST = {
    "plain.pdf": pdf(),
    "written.pdf": written_pdf(),
    "compressed.pdf": pdf(body=object_stream(b"6 0 << /Type /Font /Name /JSans >>")),
    "opens at a page.PDF": pdf(extra=b"/OpenAction [3 0 R /Fit]"),
    "photo.png": PNG,
    "photo.jpg": JPEG,
    "photo.jpeg": JPEG,
    "phone.jpg": JPEG + b"\x00\x00SEFT camera data",
    "letter.docx": docx(),
    "link.docx": docx(("word/_rels/document.xml.rels", rels(b"hyperlink"))),
    "chart.docx": docx(("word/embeddings/Book.xlsx", xlsx())),
    "real.xlsx": workbook(),
    "printed.xlsx": xlsx(("xl/printerSettings/printerSettings1.bin", b"\x00\x01")),
}


@pytest.mark.parametrize("name", HONEST)
def test_kind_of_content_of_an_honest_file(name):
    suffix = kind_of_content(name, HONEST[name], DOCUMENT_TYPES)
    assert suffix == f".{name.rpartition('.')[2].lower()}".replace("jpeg", "jpg")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"UPN,Name\nB80,Jo\n"),
        ("a.csv", "﻿UPN;Näme".encode("utf-16")),
        ("a.txt", b"x\ty\r\n"),
        ("a.xlsx", workbook()),
    ],
)
def test_kind_of_content_of_an_export(name, content):
    assert kind_of_content(name, content, IMPORT_TYPES) == f".{name.rpartition('.')[2]}"


# --- hostile files ------------------------------------------------------------------------------------------------


def png_of(width, height):
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return PNG[:8] + chunk + PNG[33:]


def twice_named():
    """A ZIP with two parts of the same name; its list of parts is patched, since the writer would warn."""
    return docx(("word/documenu.xml", b"<other/>")).replace(b"word/documenu.xml", b"word/document.xml")


def commented():
    out = io.BytesIO(docx())
    with zipfile.ZipFile(out, "a") as made:
        made.comment = b"MZ and more"
    return out.getvalue()


def locked():
    """A ZIP whose parts claim to be encrypted."""
    return docx().replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


JS = b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
EXE = b"MZ" + b"\x00" * 58 + b"\x80\x00\x00\x00" + b"\x00" * 64 + b"PE\x00\x00"
ELF = b"\x7fELF\x02\x01\x01" + b"\x00" * 60
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
ZIP = archive([("a.txt", b"a")])

HOSTILE = [
    ("empty.pdf", b"", "is empty"),
    # names that are not taken, whatever they hold
    ("page.html", HTML, "not kept"),
    ("page.xhtml", HTML, "not kept"),
    ("drawing.svg", SVG, "not kept"),
    ("run.exe", EXE, "not kept"),
    ("run.js", b"alert(1)", "not kept"),
    ("run.sh", b"#!/bin/sh\n", "not kept"),
    ("run.bat", b"@echo off\n", "not kept"),
    ("old.doc", OLE, "as PDF first"),
    ("macro.docm", docx(), "as PDF first"),
    ("macro.xlsm", xlsx(), "as PDF first"),
    ("packed.zip", ZIP, "not kept"),
    ("anim.gif", b"GIF89a" + b"\x00" * 20, "not kept"),
    ("none", pdf(), "not kept"),
    ("report.pdf.exe", pdf(), "not kept"),
    ("fdp.\u202eexe", EXE, "not kept"),
    ("data.csv", b"a,b\n", "not kept"),
    ("report.pdf ", HTML, "not one"),
    # a name that is taken, over other content
    ("page.pdf", HTML, "not one"),
    ("drawing.png", SVG, "not one"),
    ("drawing.pdf", SVG, "not one"),
    ("run.pdf", EXE, "not one"),
    ("run.jpg", EXE, "not one"),
    ("run.docx", ELF, "not one"),
    ("old.docx", OLE, "not one"),
    ("old.xlsx", OLE, "not one"),
    ("photo.png", JPEG, "not one"),
    ("photo.jpg", PNG, "not one"),
    ("paper.jpg", pdf(), "not one"),
    ("photo.pdf", PNG, "not one"),
    ("packed.docx", ZIP, "not one"),
    ("sheet.docx", xlsx(), "not one"),
    ("letter.xlsx", docx(), "not one"),
    ("text.pdf", b"Just text", "not one"),
    ("late.pdf", b"junk\n" + pdf(), "not one"),
    # PDFs that act
    ("js.pdf", pdf(extra=JS), "would run"),
    ("js-short.pdf", pdf(body=b"4 0 obj\n<< /S /Rendition /JS 5 0 R >>\nendobj\n"), "would run"),
    ("js-hex.pdf", pdf(extra=b"/OpenAction << /S /J#61vaScript /#4aS (x) >>"), "would run"),
    ("js-packed.pdf", pdf(body=object_stream(b"6 0 << /S /JavaScript >>")), "would run"),
    ("js-packed-hex.pdf", pdf(body=object_stream(b"6 0 << /S /Java#53cript >>")), "would run"),
    (
        "js-packed-name.pdf",
        pdf(body=object_stream(b"6 0 << /JS (x) >>", words=b"/Type /Obj#53tm /Filter /FlateDecode")),
        "would run",
    ),
    (
        "js-plain-objects.pdf",
        pdf(body=object_stream(b"", words=b"/Type /ObjStm", packed=b"6 0 << /JS 1 >>")),
        "would run",
    ),
    (
        "js-two-filters.pdf",
        pdf(body=object_stream(b"", words=b"/Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]", packed=b"78>")),
        "cannot be looked into",
    ),
    ("broken-objects.pdf", pdf(body=object_stream(b"", packed=b"not packed")), "cannot be looked into"),
    ("launch.pdf", pdf(extra=b"/OpenAction << /S /Launch /F (cmd.exe) >>"), "would run"),
    ("attached.pdf", pdf(body=b"4 0 obj\n<< /Type /EmbeddedFile >>\nendobj\n"), "would run"),
    ("rich.pdf", pdf(body=b"4 0 obj\n<< /Subtype /RichMedia >>\nendobj\n"), "would run"),
    ("form.pdf", pdf(extra=b"/AcroForm << /XFA 5 0 R >>"), "would run"),
    ("send.pdf", pdf(body=b"4 0 obj\n<< /S /SubmitForm >>\nendobj\n"), "would run"),
    ("locked.pdf", pdf().replace(b"/Root", b"/Encrypt 9 0 R /Root"), "protected"),
    ("cut.pdf", pdf(tail=b""), "not complete"),
    ("and-zip.pdf", pdf() + ZIP, "second file"),
    ("and-page.pdf", pdf() + HTML + b"%%EOF", "second file"),
    ("page-first.pdf", b"%PDF-1.7\n" + HTML + pdf(), "second file"),
    ("bomb.pdf", pdf(body=object_stream(b"\x00" * (101 * 1024 * 1024))), "far more than its size"),
    # images
    ("cut.png", PNG[:-6], "not complete"),
    ("more.png", PNG + b"more", "follows the end"),
    ("and-zip.png", PNG + ZIP, "follows the end"),
    ("bomb.png", png_of(60000, 60000), "size"),
    ("flat.png", png_of(0, 8), "size"),
    ("cut.jpg", JPEG.replace(b"\xff\xd9", b""), "not complete"),
    ("and-zip.jpg", JPEG + ZIP, "second file"),
    ("and-pdf.jpg", JPEG + pdf(), "second file"),
    ("and-page.jpg", JPEG + HTML, "second file"),
    ("and-php.jpg", JPEG + b"<?php system($_GET[0]);", "second file"),
    # Word and Excel
    ("macros.docx", docx(("word/vbaProject.bin", b"x")), "macros"),
    ("macros.xlsx", xlsx(("xl/vbaProject.bin", b"x")), "macros"),
    ("typed-macro.docx", docx(types=TYPES.replace(b"Types>", b"a.macroEnabled.b</Types>")), "macros"),
    ("control.docx", docx(("word/activeX/activeX1.xml", b"<x/>")), "macros"),
    ("object.docx", docx(("word/embeddings/oleObject1.bin", b"x")), "macros"),
    ("program.docx", docx(("word/media/run.exe", EXE)), "macros"),
    ("page.docx", docx(("word/afchunk.html", HTML)), "macros"),
    ("template.docx", docx(("word/_rels/settings.xml.rels", rels(b"attachedTemplate"))), "run when"),
    ("linked.xlsx", xlsx(("xl/_rels/workbook.xml.rels", rels(b"oleObject"))), "run when"),
    ("dde.docx", docx(words=b"<w:document><w:instrText>DDEAUTO c:\\cmd.exe</w:instrText></w:document>"), "run when"),
    ("dde.xlsx", xlsx(("xl/externalLinks/externalLink1.xml", b"<externalLink><ddeLink/></externalLink>")), "run when"),
    ("entity.docx", docx(words=b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><w:document/>'), "no program writes"),
    (
        "entity-wide.docx",
        docx(words='<!DOCTYPE a [<!ENTITY b "c">]><w:document/>'.encode("utf-16")),
        "no program writes",
    ),
    ("bomb.docx", docx(("word/media/a.xml", b"\x00" * (101 * 1024 * 1024))), "far more than its size"),
    ("many.docx", docx(*((f"word/{n}.xml", b"") for n in range(5001))), "far more than its size"),
    ("leaves.docx", docx(("../../outside.xml", b"<x/>")), "damaged"),
    ("leaves-back.docx", docx(("word\\..\\..\\a.xml", b"<x/>")), "damaged"),
    ("twice.docx", twice_named(), "damaged"),
    ("comment.docx", commented(), "follows the end"),
    ("and-more.docx", docx() + b"more", "follows the end"),
    ("locked.docx", locked(), "damaged"),
    ("cut.docx", docx()[:-30], "damaged"),
    ("exe-first.docx", EXE + docx(), "not one"),
]


@pytest.mark.parametrize(("name", "content", "words"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_hostile_file_is_refused_with_its_sentence(name, content, words):
    with pytest.raises(RuleBroken) as refused:
        kind_of_content(name, content, DOCUMENT_TYPES)
    assert words in f"{refused.value.message} {refused.value.help or ''}"
    assert refused.value.field == "file"


@pytest.mark.parametrize("content", [HTML, SVG, EXE, ELF, OLE, PNG, pdf(), ZIP, b"#!/bin/sh\nls", b"a,b\n1,\x00\n"])
def test_export_that_is_no_text_is_refused(content):
    with pytest.raises(RuleBroken, match="not plain text"):
        kind_of_content("a.csv", content, IMPORT_TYPES)


# --- keeping and serving ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Insurance 2026 (signed).pdf", "Insurance 2026 (signed).pdf"),
        ("..\\..\\windows\\a.pdf", "a.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("run.exe.pdf", "run_exe.pdf"),
        ("Bögen\u202efdp\x7f\r\n.pdf", "Bogenfdp.pdf"),
        ('a";x="b.pdf', "a_x_b.pdf"),
        ("<script>.pdf", "script.pdf"),
        ("保険.pdf", "file.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        (".pdf", "pdf.pdf"),
    ],
)
def test_safe_name(sent, kept):
    assert safe_name(sent, ".pdf") == kept


def sent(name, content):
    return SimpleUploadedFile(name, content, content_type="text/html")


def test_kept_upload_is_the_bytes_with_the_type_of_the_content(cast, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    stored = keep_upload(kind=FileKind.SLA, upload=sent("Our SLA.pdf", pdf()), by=cast.lead, now=NOW)
    assert (stored.content_type, stored.name, stored.stored_by) == ("application/pdf", "Our SLA.pdf", cast.lead)
    assert file_bytes(stored) == pdf()
    answer = file_response(stored, name='agreement "7"\r\nX: y')
    assert answer["Content-Disposition"] == 'attachment; filename="agreement-7-X-y.pdf"'
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store, private")
    assert (answer["Content-Type"], answer.content) == ("application/pdf", pdf())
    next(tmp_path.glob("*/*")).write_bytes(b"other")
    with pytest.raises(RuleBroken, match="was changed"):
        file_response(stored, name="agreement")


def test_upload_that_is_too_large_is_refused_and_leaves_nothing(cast, settings, tmp_path):
    settings.FILES_DIR, settings.MAX_UPLOAD_MB = tmp_path, 1
    big = sent("a.pdf", pdf(body=b"%" * 1024 * 1024))
    with pytest.raises(RuleBroken, match="larger than 1 MB") as refused:
        keep_upload(kind=FileKind.SLA, upload=big, by=cast.lead, now=NOW, field="evidence")
    assert refused.value.field == "evidence"
    assert (StoredFile.objects.count(), list(tmp_path.iterdir())) == (0, [])


def test_import_is_taken_only_as_an_import(cast, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    stored = keep_upload(kind=FileKind.IMPORT, upload=sent("out.csv", b"a,b\n"), by=cast.lead, now=NOW)
    assert stored.content_type == "text/csv"
    with pytest.raises(RuleBroken, match="not kept"):
        keep_upload(kind=FileKind.SLA, upload=sent("out.csv", b"a,b\n"), by=cast.lead, now=NOW)


def test_upload_field_says_what_it_takes_and_how_much(settings):
    field = UploadField()
    assert field.widget.attrs["accept"] == ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"
    assert field.help_text == "PDF, Word (.docx), Excel (.xlsx), PNG or JPEG, at most 10 MB."
    assert UploadField(imports=True).widget.attrs["accept"] == ".csv,.txt,.xlsx"
