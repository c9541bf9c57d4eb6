"""A receipt as a PDF of one A4 page. As a program: a document as JSON in, its PDF out."""

import os
import sys
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from billing.receipts.document import Document
from billing.receipts.fonts import MISSING_NOTE, Type
from billing.receipts.sheet import PrintedReceipt, printed_of

_NICE = 10  # media and payments go first
_MARGIN = 18.0  # mm, as all lengths here
_WIDTH = 210 - 2 * _MARGIN
_LOGO = 13.0
_ACCENT, _TEXT, _QUIET, _LINE = (90, 67, 224), (21, 26, 34), (86, 97, 114), (217, 221, 229)


@dataclass(frozen=True, slots=True)
class Assets:
    """Files that a PDF is made with: the @fontsource folder and the logo (SVG)."""

    fonts: Path
    logo: Path


def render(printed: PrintedReceipt, assets: Assets) -> bytes:
    """The PDF. It takes tenths of a second of the processor: see billing.receipts.process."""
    pdf = FPDF(format="A4")
    pdf.set_margin(_MARGIN)
    pdf.set_auto_page_break(False)
    pdf.c_margin = 0
    pdf.set_creation_date(printed.issued)
    pdf.set_title(f"{printed.title} {printed.number}")
    pdf.set_author(printed.seller[0])
    pdf.set_lang("en")
    pdf.add_page()
    with closing(Type(pdf, _all_text(printed), assets.fonts)) as face:
        pen = _Pen(pdf, face)
        _head(pen, printed, assets.logo)
        _parties(pen, printed)
        _item(pen, printed)
        _sums(pen, printed)
        _notes(pen, printed)
        return bytes(pdf.output())


class _Pen:
    """Writes blocks of text; `y` goes down with them."""

    def __init__(self, pdf: FPDF, face: Type) -> None:
        self.pdf = pdf
        self.face = face
        self.y = _MARGIN

    def text(
        self,
        at: tuple[float, float],
        width: float,
        text: str,
        *,
        size: float = 10,
        bold: bool = False,
        quiet: bool = False,
        align: str = "L",
    ) -> float:
        """Writes a block at (x, y), broken where it is too wide; returns the y below it."""
        pdf = self.pdf
        pdf.set_font(self.face.family, "B" if bold else "", size)
        pdf.set_text_color(*(_QUIET if quiet else _TEXT))
        pdf.set_xy(*at)
        pdf.multi_cell(
            width,
            size * 0.5,
            self.face.printable(text),
            align=align,
            padding=0,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )
        return pdf.get_y()

    def block(self, at: tuple[float, float], width: float, lines: tuple[str, ...]) -> float:
        """A first line that stands out, the others quiet; returns the y below."""
        x, y = at
        y = self.text((x, y), width, lines[0], size=12, bold=True) + 0.8
        for line in lines[1:]:
            y = self.text((x, y), width, line, size=9.5, quiet=True)
        return y

    def rule(self, colour: tuple[int, int, int], thickness: float, x: float = _MARGIN) -> None:
        """A line across to the right margin, at `y`."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(thickness)
        self.pdf.line(x, self.y, _MARGIN + _WIDTH, self.y)


def _all_text(printed: PrintedReceipt) -> str:
    return repr(astuple(printed))


def _head(pen: _Pen, printed: PrintedReceipt, logo: Path) -> None:
    half = _WIDTH / 2
    if logo.is_file():
        pen.pdf.image(logo, _MARGIN, _MARGIN, _LOGO, _LOGO)
    seller = pen.block((_MARGIN + _LOGO + 4, pen.y), half, printed.seller)
    x, width = _MARGIN + half + _LOGO + 8, half - _LOGO - 8
    y = pen.text((x, pen.y), width, printed.title, size=20, bold=True, align="R")
    y = pen.text((x, y + 1), width, printed.number, size=11, bold=True, align="R")
    y = pen.text((x, y), width, printed.date, quiet=True, align="R")
    pen.y = max(seller, y) + 6
    pen.rule(_ACCENT, 0.6)
    pen.y += 6


def _parties(pen: _Pen, printed: PrintedReceipt) -> None:
    half = _WIDTH / 2
    y = pen.text((_MARGIN, pen.y), half - 4, "Billed to", size=8.5, quiet=True) + 0.5
    buyer = pen.block((_MARGIN, y), half - 4, printed.buyer)
    x, label, y = _MARGIN + half, 30.0, pen.y
    for name, value in printed.facts:
        below = pen.text((x, y), label, name, size=9.5, quiet=True)
        y = max(below, pen.text((x + label, y), half - label, value, size=9.5)) + 0.8
    pen.y = max(buyer, y) + 8


def _item(pen: _Pen, printed: PrintedReceipt) -> None:
    columns = (_MARGIN, 100.0), (_MARGIN + 104, 28.0), (_MARGIN + 132, _WIDTH - 132)
    names, aligns = ("Description", "HSN/SAC", "Amount"), ("L", "L", "R")
    for (x, width), name, align in zip(columns, names, aligns, strict=True):
        below = pen.text((x, pen.y), width, name, size=8.5, quiet=True, align=align)
    pen.y = below + 1.5
    pen.rule(_LINE, 0.2)
    pen.y += 3
    below = pen.y
    values = (printed.item, printed.hsn_sac, printed.price)
    for (x, width), value, align in zip(columns, values, aligns, strict=True):
        below = max(below, pen.text((x, pen.y), width, value, align=align, bold=x == _MARGIN))
    pen.y = below + 3
    pen.rule(_LINE, 0.2)
    pen.y += 3


def _sums(pen: _Pen, printed: PrintedReceipt) -> None:
    x, label, width = _MARGIN + 70, 62.0, _WIDTH - 132
    for name, value in printed.sums:
        pen.text((x, pen.y), label, name, quiet=True, align="R")
        pen.y = pen.text((x + label, pen.y), width, value, align="R") + 1.2
    pen.y += 1.5
    pen.rule(_TEXT, 0.5, x)
    pen.y += 2.5
    pen.text((x, pen.y), label, printed.total_label, size=12, bold=True, align="R")
    pen.y = pen.text((x + label, pen.y), width, printed.total, size=12, bold=True, align="R") + 2
    if printed.words:
        pen.y = pen.text((_MARGIN, pen.y), _WIDTH, printed.words, size=9, quiet=True, align="R")


def _notes(pen: _Pen, printed: PrintedReceipt) -> None:
    pen.y += 14
    pen.rule(_LINE, 0.2)
    pen.y += 3
    notes = printed.notes
    if not pen.face.is_complete("".join((*printed.seller, *printed.buyer, printed.item))):
        notes = (*notes, MISSING_NOTE)
    for note in notes:
        pen.y = pen.text((_MARGIN, pen.y), _WIDTH, note, size=8.5, quiet=True)


def main(fonts: str, logo: str) -> None:
    """The program: reads standard input, writes standard output."""
    os.nice(_NICE)
    document = Document.model_validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(render(printed_of(document), Assets(Path(fonts), Path(logo))))


if __name__ == "__main__":
    main(*sys.argv[1:])
