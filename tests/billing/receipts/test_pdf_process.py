"""The process that draws PDFs: what goes wrong in it is a refusal, and leaves no process behind."""

import asyncio
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest

from billing.receipts import pdf as receipt_pdf
from billing.receipts.pdf import PdfError, PdfRenderer
from tests.billing.receipts.samples import document

ROOT = Path(__file__).parents[3]
ASSETS = receipt_pdf.Assets(ROOT / "node_modules/@fontsource", ROOT / "static/icon.svg")


class Nursery:
    """Knows the processes that were started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.children: list[Process] = []
        self.born = asyncio.Event()
        self._start = asyncio.create_subprocess_exec
        monkeypatch.setattr(asyncio, "create_subprocess_exec", self.start)

    async def start(self, *arguments: str, **options: Any) -> Process:
        self.children.append(await self._start(*arguments, **options))
        self.born.set()
        return self.children[-1]

    def assert_all_ended(self) -> None:
        assert self.children
        assert all(child.returncode is not None for child in self.children)


async def test_several_are_drawn_side_by_side() -> None:
    renderer = PdfRenderer()
    names = ("Asha", "Ben", "कृष्णा")
    drawn = await asyncio.gather(*(renderer.draw(document(buyer=name), ASSETS) for name in names))
    assert all(body.startswith(b"%PDF-") and body.rstrip().endswith(b"%%EOF") for body in drawn)
    assert len(set(drawn)) == len(names)


@pytest.mark.parametrize("program", ["no-such-program", "/bin/false"])
async def test_a_process_that_fails_is_a_refusal(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    renderer = PdfRenderer()
    for _ in range(receipt_pdf.AT_A_TIME + 1):
        with pytest.raises(PdfError) as refusal:
            await renderer.draw(document(), ASSETS)
    assert (refusal.value.code, refusal.value.status) == ("no_pdf", 503)


async def test_a_crowd_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    renderer = PdfRenderer()
    orders = [renderer.draw(document(), ASSETS) for _ in range(receipt_pdf.MOST + 3)]
    answers = await asyncio.gather(*orders, return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, PdfError)]
    assert (codes.count("no_pdf"), codes.count("busy")) == (receipt_pdf.MOST, 3)
    with pytest.raises(PdfError) as refusal:
        await renderer.draw(document(), ASSETS)
    assert refusal.value.code == "no_pdf", "there is room again"


async def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    nursery = Nursery(monkeypatch)
    monkeypatch.setattr(receipt_pdf, "TIMEOUT", 0.05)
    with pytest.raises(PdfError):
        await PdfRenderer().draw(document(), ASSETS)
    nursery.assert_all_ended()


async def test_who_leaves_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    nursery = Nursery(monkeypatch)
    drawing = asyncio.create_task(PdfRenderer().draw(document(), ASSETS))
    await nursery.born.wait()
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    nursery.assert_all_ended()
