"""Letters on their way: handed over at once, delivered by a job, so that no answer waits for mail.

Who asks for a new password cannot tell by the time of the answer whether there is an account.
What waits when the process ends is lost: people ask again.
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
        """Delivers what waits; a letter that is not taken is counted and given up."""
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
