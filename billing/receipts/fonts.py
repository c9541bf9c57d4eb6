"""The type a PDF is set in: Noto, with a font for each script that its text has.

The fonts are those of the @fontsource packages. Where they are missing the PDF's own Helvetica is
used, which knows western letters alone.
"""

from collections.abc import Iterable
from pathlib import Path
from unicodedata import normalize

from fpdf import FPDF
from fpdf.fonts import TTFFont

MISSING = "?"
MISSING_NOTE = (
    f"Letters that cannot be printed here stand as {MISSING}; the receipt's page has them."
)
_MAIN = "noto-sans/files/noto-sans-latin"
# By the first and last character of what a font is for.
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
# They join letters and are no letters themselves: nothing is lost without a glyph.
_JOINERS = "\u200c\u200d"


class Type:
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
        """The text with what has no glyph replaced, so that nothing vanishes unseen. Letters and
        their accents are one: fonts have those."""
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
