"""A receipt as a PDF of one A4 page. A program of its own draws it with low priority: half a second
of Python in the server would hold up the loop that forwards media.

It is set in Noto, with a font of the @fontsource packages for each script of its text. Where they
are missing the PDF's own Helvetica is used, which knows western letters alone.
"""

import asyncio
import os
import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from unicodedata import normalize

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from billing.errors import BillingError
from billing.receipts.document import Document, PrintedReceipt, printed_of

TIMEOUT = 30.0  # s
AT_A_TIME = 2
MOST = 20  # drawn and waiting; more are told to come again
_NICE = 10  # media and payments go first
_MARGIN = 18.0  # mm, as all lengths here
_WIDTH = 210 - 2 * _MARGIN
_LOGO = 13.0
_ACCENT, _TEXT, _QUIET, _LINE = (90, 67, 224), (21, 26, 34), (86, 97, 114), (217, 221, 229)

MISSING = "?"
MISSING_NOTE = (
    f"Letters that cannot be printed here stand as {MISSING}; the receipt's page has them."
)
_MAIN = "noto-sans/files/noto-sans-latin"
# The fonts by the first and last character that they are for.
_SCRIPTS = (
    (0x0100, 0x02FF, "noto-sans/files/noto-sans-latin-ext"),
    (0x1E00, 0x1EFF, "noto-sans/files/noto-sans-latin-ext"),
    (0x1EA0, 0x1EF9, "noto-sans/files/noto-sans-vietnamese"),
    (0x20A0, 0x20C0, "noto-sans/files/noto-sans-latin-ext"),
    (0x0370, 0x03FF, "noto-sans/files/noto-sans-greek"),
    (0x0400, 0x052F, "noto-sans/files/noto-sans-cyrillic"),
    (0x0600, 0x06FF, "noto-sans-arabic/files/noto-sans-arabic-arabic"),
    (0x0900, 0x097F, "noto-sans/files/noto-sans-devanagari"),
    (0x0980, 0x09FF, "noto-sans-bengali/files/noto-sans-bengali-bengali"),
    (0x0A00, 0x0A7F, "noto-sans-gurmukhi/files/noto-sans-gurmukhi-gurmukhi"),
    (0x0A80, 0x0AFF, "noto-sans-gujarati/files/noto-sans-gujarati-gujarati"),
    (0x0B00, 0x0B7F, "noto-sans-oriya/files/noto-sans-oriya-oriya"),
    (0x0B80, 0x0BFF, "noto-sans-tamil/files/noto-sans-tamil-tamil"),
    (0x0C00, 0x0C7F, "noto-sans-telugu/files/noto-sans-telugu-telugu"),
    (0x0C80, 0x0CFF, "noto-sans-kannada/files/noto-sans-kannada-kannada"),
    (0x0D00, 0x0D7F, "noto-sans-malayalam/files/noto-sans-malayalam-malayalam"),
)
_WEIGHTS = (("", "400"), ("B", "700"))
# These join letters and are no letters themselves: nothing is lost without a glyph.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Assets:
    """Files that a PDF is made with: the @fontsource folder and the logo (SVG)."""

    fonts: Path
    logo: Path


# Asking for one


class PdfError(BillingError):
    """The PDF could not be made now; the receipt's page is still there."""

    status = 503


class PdfRenderer:
    """Draws receipts, a few at a time; some others may wait."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._asked = 0

    async def draw(self, document: Document, assets: Assets) -> bytes:
        """The PDF; raises PdfError."""
        if self._asked >= MOST:
            raise PdfError("busy", "Many receipts are being made. Try again in a moment.")
        self._asked += 1
        try:
            async with self._slots, asyncio.timeout(TIMEOUT):
                return await _run(document, assets)
        except (OSError, TimeoutError):
            message = "The PDF could not be made. Try again, or print the receipt's page."
            raise PdfError("no_pdf", message) from None
        finally:
            self._asked -= 1


async def _run(document: Document, assets: Assets) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "billing.receipts.pdf", str(assets.fonts.absolute()), str(assets.logo.absolute())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        body, _ = await child.communicate(document.model_dump_json().encode())
    except BaseException:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        raise
    if child.returncode != 0:
        raise OSError("the drawing process failed")
    return body


# The type


class Typeface:
    """Sets fonts up in a PDF for all `text` that will be printed in it."""

    def __init__(self, pdf: FPDF, text: str, fonts: Path) -> None:
        self._pdf = pdf
        self._glyphs: set[int] | None = None
        if not (fonts / f"{_MAIN}-400-normal.woff").is_file():
            self.family = "helvetica"
            return
        self.family = "noto"
        self._add(self.family, fonts / _MAIN)
        others = [
            name
            for name in _needed(normalize("NFC", text))
            if (fonts / f"{name}-400-normal.woff").is_file()
        ]
        for name in others:
            self._add(_family(name), fonts / name)
        pdf.set_fallback_fonts([_family(name) for name in others])
        pdf.set_text_shaping(True)
        self._glyphs = {code for font in self._files() for code in font.cmap}

    def printable(self, text: str) -> str:
        """The text with characters that have no glyph replaced, so that none vanishes unseen.
        Letters and their accents are one: fonts have those."""
        text = normalize("NFC", text)
        if self._glyphs is None:
            text = text.replace("₹", "INR ")
        return "".join(char if self._has(char) else MISSING for char in text)

    def is_complete(self, text: str) -> bool:
        """True when every letter of the text has a glyph."""
        return all(self._has(char) or char == "₹" for char in normalize("NFC", text))

    def close(self) -> None:
        """Closes the fonts' files, once the PDF is made: fpdf2 leaves them open."""
        for font in self._files():
            font.ttfont.close()

    def _files(self) -> list[TTFFont]:
        return [font for font in self._pdf.fonts.values() if isinstance(font, TTFFont)]

    def _has(self, char: str) -> bool:
        if self._glyphs is None:
            return ord(char) < 0x100
        return ord(char) in self._glyphs or char in _JOINERS

    def _add(self, family: str, stem: Path) -> None:
        for style, weight in _WEIGHTS:
            self._pdf.add_font(family, style, f"{stem}-{weight}-normal.woff")


def _needed(text: str) -> Iterable[str]:
    """The fonts that the text has characters of, in their order, each once."""
    codes = {ord(char) for char in text}
    return dict.fromkeys(
        name for first, last, name in _SCRIPTS if any(first <= code <= last for code in codes)
    )


def _family(name: str) -> str:
    return name.rpartition("/")[2]


# Drawing: runs in the program


def main(fonts: str, logo: str) -> None:
    """The program: reads standard input, writes standard output."""
    os.nice(_NICE)
    document = Document.model_validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(render(printed_of(document), Assets(Path(fonts), Path(logo))))


def render(printed: PrintedReceipt, assets: Assets) -> bytes:
    """The PDF. It takes tenths of a second of the processor: see PdfRenderer."""
    pdf = FPDF(format="A4")
    pdf.set_margin(_MARGIN)
    pdf.set_auto_page_break(False)
    pdf.c_margin = 0
    pdf.set_creation_date(printed.issued)
    pdf.set_title(f"{printed.title} {printed.number}")
    pdf.set_author(printed.seller[0])
    pdf.set_lang("en")
    pdf.add_page()
    with closing(Typeface(pdf, _all_text(printed), assets.fonts)) as face:
        pen = _Pen(pdf, face)
        _head(pen, printed, assets.logo)
        _parties(pen, printed)
        _item(pen, printed)
        _sums(pen, printed)
        _notes(pen, printed)
        return bytes(pdf.output())


class _Pen:
    """Writes blocks of text; `y` goes down with them."""

    def __init__(self, pdf: FPDF, face: Typeface) -> None:
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


if __name__ == "__main__":
    main(*sys.argv[1:])
