"""The receipt as a PDF: one page in whatever script, and nothing vanishes unseen."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unicodedata import normalize

import pytest
from fpdf import FPDF

from billing.receipts import pdf as receipt_pdf
from billing.receipts.document import Document, printed_of
from billing.receipts.pdf import MISSING, MISSING_NOTE, Typeface
from tests.billing.receipts.samples import document

ROOT = Path(__file__).parents[3]
ASSETS = receipt_pdf.Assets(ROOT / "node_modules/@fontsource", ROOT / "static/icon.svg")
BARE = receipt_pdf.Assets(Path("no-such-folder"), Path("no-such-file"))

NAMES = {
    "western": "Zoë Müller-Łukasz",
    "vietnamese": "Nguyễn Thị Ánh",
    "greek": "Ελένη",
    "cyrillic": "Ольга",
    "devanagari": "श्रीमती कृष्णा क्षत्रिय",
    "bengali": "অনিন্দ্য চট্টোপাধ্যায়",
    "gurmukhi": "ਹਰਪ੍ਰੀਤ ਸਿੰਘ",
    "gujarati": "કૃષ્ણા પટેલ",
    "oriya": "ଓଡ଼ିଆ ଛାତ୍ର",
    "tamil": "கணிதம் ஸ்ரீ",
    "telugu": "కృష్ణవేణి",
    "kannada": "ಕೃಷ್ಣಪ್ಪ",
    "malayalam": "കൃഷ്ണൻ",
    "urdu": "محمد علی",
}


def pages(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF-")
    return len(re.findall(rb"/Type /Page\b", pdf))


@contextmanager
def face(text: str) -> Iterator[Typeface]:
    with closing(Typeface(FPDF(), text, ASSETS.fonts)) as found:
        yield found


@pytest.mark.parametrize("script", NAMES)
def test_scripts_of_india_have_their_letters(script: str) -> None:
    name = NAMES[script]
    with face(name + "₹") as found:
        assert found.printable(name + "₹1,499.00") == name + "₹1,499.00"
        assert found.is_complete(name)
    assert pages(receipt_pdf.render(printed_of(document(buyer=name, title=name)), ASSETS)) == 1


def test_accents_that_stand_alone_are_put_on_their_letters() -> None:
    for name in ("Zoë", NAMES["vietnamese"]):
        apart = normalize("NFD", name)
        with face(apart) as found:
            assert found.printable(apart) == name != apart
            assert found.is_complete(apart)


def test_a_letter_without_a_glyph_is_seen_to_be_missing() -> None:
    with face("Asha 数学 🎓") as found:
        assert found.printable("Asha 数学 🎓") == f"Asha {MISSING * 2} {MISSING}"
        assert not found.is_complete("数")


def written(of: Document, monkeypatch: pytest.MonkeyPatch, assets: receipt_pdf.Assets) -> list[str]:
    """The texts that a rendering puts on its page."""
    texts: list[str] = []
    put = FPDF.multi_cell

    def note(self: FPDF, w: float, h: float, text: str, **options: object) -> object:
        texts.append(text)
        return put(self, w, h, text, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FPDF, "multi_cell", note)
    assert pages(receipt_pdf.render(printed_of(of), assets)) == 1
    return texts


def test_the_note_stands_where_letters_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MISSING_NOTE in written(document(buyer="数"), monkeypatch, ASSETS)
    assert MISSING_NOTE not in written(document(), monkeypatch, ASSETS)


def test_the_pdf_says_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    of = document(discount=500_00, buyer_state="29")
    printed = printed_of(of)
    texts = written(of, monkeypatch, ASSETS)
    pairs = [word for pair in (*printed.facts, *printed.sums) for word in pair]
    for expected in (
        *printed.seller,
        *printed.buyer,
        *pairs,
        *printed.notes,
        printed.item,
        printed.price,
    ):
        assert expected in texts
    for expected in (printed.title, printed.number, printed.date, printed.total, printed.words):
        assert expected in texts


def test_without_fonts_it_is_still_made(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = written(document(buyer="Zoë कृ"), monkeypatch, BARE)
    assert "INR 1,499.00" in texts
    assert f"Zoë {MISSING * 2}" in texts
    assert MISSING_NOTE in texts


@pytest.mark.parametrize("text", ["W" * 120, "word " * 24, "क्ष" * 40])
def test_the_longest_names_stay_on_the_page(text: str) -> None:
    address = "\n".join(["A rather long line of an address, number 12"] * 6)
    pdf = receipt_pdf.render(
        printed_of(document(title=text, buyer=text[:80], address=address)), ASSETS
    )
    assert pages(pdf) == 1


def test_the_same_paper_makes_the_same_document() -> None:
    def without_id(pdf: bytes) -> bytes:
        return re.sub(rb"/ID \[.*?\]", b"", pdf)

    first, second = (receipt_pdf.render(printed_of(document()), ASSETS) for _ in range(2))
    assert without_id(first) == without_id(second)
