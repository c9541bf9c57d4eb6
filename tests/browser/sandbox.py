"""The sandbox's payment window, as a person uses it."""

from loadtest.browser.playwright_page import PlaywrightPage


async def pay(student: PlaywrightPage) -> None:
    """Pays what is asked."""
    await student.find("sandbox-pay").click()


async def decline(student: PlaywrightPage) -> None:
    """Lets the payment fail, then closes the window."""
    await student.find("sandbox-fail").click()
    await student.find("sandbox-close").click()
