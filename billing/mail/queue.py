"""A queue of letters that a job delivers, so that no answer waits for mail.

The time of an answer about a new password does not tell whether there is an account.
Letters that wait when the process ends are lost: people ask again.
"""

import smtplib
from collections import deque
from collections.abc import Callable

from billing.context import Context
from billing.mail.letters import Letter, MailSender
from common.logs import get_logger

MOST = 1_000  # letters that wait
JOB = "mail"

log = get_logger(__name__)


class MailQueue:
    """A sender that keeps letters until its turn; `wake` asks for one."""

    def __init__(self, sender: MailSender, wake: Callable[[], None]) -> None:
        self._sender = sender
        self._wake = wake
        self._letters: deque[Letter] = deque()

    async def send(self, letter: Letter) -> None:
        """Takes it over; raises OSError when too many wait."""
        if len(self._letters) >= MOST:
            raise OSError("too many letters wait")
        self._letters.append(letter)
        self._wake()

    async def turn(self, context: Context) -> None:
        """Delivers the waiting letters; one that the server does not take is counted and given
        up."""
        while self._letters:
            letter = self._letters.popleft()
            try:
                await self._sender.send(letter)
            except (OSError, smtplib.SMTPException) as error:
                context.counts["mail_failed"] += 1
                log.error("mail.failed", error=type(error).__name__)


async def deliver(context: Context) -> None:
    """The job's turn."""
    if isinstance(context.mail, MailQueue):
        await context.mail.turn(context)
