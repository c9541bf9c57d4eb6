"""PDFs are drawn in a process of their own, with low priority: half a second of Python in this one
would hold up the loop that forwards media."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from billing.errors import BillingError
from billing.receipts import pdf as receipt_pdf
from billing.receipts.document import Document
from billing.settings import BillingSettings

TIMEOUT = 30.0  # s
AT_A_TIME = 2
MOST = 20  # drawn and waiting: who comes then is told to come again


def assets_of(settings: BillingSettings) -> receipt_pdf.Assets:
    """The fonts among the browser modules, the logo among the static files."""
    return receipt_pdf.Assets(settings.vendor_dir / "@fontsource", settings.static_dir / "icon.svg")


class PdfError(BillingError):
    """The PDF could not be made now; the receipt's page is still there."""

    status = 503


class PdfRenderer:
    """Draws receipts, a few at a time; some others may wait."""

    def __init__(self) -> None:
        self._desks = asyncio.Semaphore(AT_A_TIME)
        self._orders = 0

    async def draw(self, document: Document, assets: receipt_pdf.Assets) -> bytes:
        """The PDF; raises PdfError."""
        if self._orders >= MOST:
            raise PdfError("busy", "Many receipts are being made. Try again in a moment.")
        self._orders += 1
        try:
            async with self._desks, asyncio.timeout(TIMEOUT):
                return await _run(document, assets)
        except (OSError, TimeoutError):
            message = "The PDF could not be made. Try again, or print the receipt's page."
            raise PdfError("no_pdf", message) from None
        finally:
            self._orders -= 1


async def _run(document: Document, assets: receipt_pdf.Assets) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", receipt_pdf.__name__, str(assets.fonts.absolute()), str(assets.logo.absolute())),
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
