"""Headless Chromium with an invented camera, microphone and screen."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

# A 1280x720 moving picture at 20 frames a second, a beep each second, and a screen to share;
# permission questions answer themselves. The rest keeps a closed network quiet and lets a machine
# without any network connect to itself.
ARGUMENTS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """The Chromium named in the environment, else the system's, else None: playwright's own."""
    return os.environ.get("LIVECLASS_CHROMIUM") or shutil.which("chromium")


@asynccontextmanager
async def chromium(
    *, asks_for_devices: bool = False, trusting: str | None = None
) -> AsyncIterator[Browser]:
    """A running browser; with asks_for_devices it gives a page none until permission is granted.

    `trusting` names an origin without TLS that is to be treated as secure.
    """
    skipped = "--use-fake-ui-for-media-stream" if asks_for_devices else ""
    trusted = [f"--unsafely-treat-insecure-origin-as-secure={trusting}"] if trusting else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable(),
            args=[argument for argument in ARGUMENTS if argument != skipped] + trusted,
        )
        try:
            yield browser
        finally:
            await browser.close()
