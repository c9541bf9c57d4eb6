"""The sandbox's payment window, as a person uses it."""

from loadtest.browser.session import Seat


async def pay(student: Seat) -> None:
    """Pays what is asked."""
    await student.find("sandbox-pay").click()


async def decline(student: Seat) -> None:
    """Lets the payment fail, then closes the window."""
    await student.find("sandbox-fail").click()
    await student.find("sandbox-close").click()
