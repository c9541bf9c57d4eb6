"""Letters to people: printed by default, by SMTP when its URL is set."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT = 10.0  # s for each step of SMTP
PORTS = {"none": 25, "starttls": 587, "ssl": 465}

Security = Literal["none", "starttls", "ssl"]


@dataclass(frozen=True, slots=True)
class Letter:
    """Plain text to one person."""

    to: str
    subject: str
    text: str


class MailSender(Protocol):
    """Delivers letters, or raises OSError or smtplib.SMTPException."""

    async def send(self, letter: Letter) -> None:
        """Deliver one letter."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server that takes the letters."""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: str | None = None


def parse_mail_url(url: str) -> SmtpServer | None:
    """None for "console"; raises ValueError for anything else that is no SMTP URL.

    smtp://user:password@host:port?from=classes@example.com&tls=starttls|ssl|none
    """
    if url == "console":
        return None
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    security = query.get("tls", ["starttls"])[0]
    sender = query.get("from", [""])[0]
    if parts.scheme != "smtp" or not parts.hostname:
        raise ValueError("must be console or smtp://user:password@host:port?from=ADDRESS")
    if security not in PORTS:
        raise ValueError("tls must be starttls, ssl or none")
    if "@" not in sender:
        raise ValueError("from must be a mail address")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    port = parts.port or PORTS[security]
    kind: Security = "none" if security == "none" else "ssl" if security == "ssl" else "starttls"
    return SmtpServer(parts.hostname, port, kind, sender, user, password)


class ConsoleMail:
    """Prints letters on standard output, for trying out and where no mail is set up."""

    async def send(self, letter: Letter) -> None:
        """Print it."""
        print(f"--- letter to {letter.to}: {letter.subject}\n{letter.text}\n---", flush=True)


class SmtpMail:
    """Hands letters to a server, in a thread: smtplib waits."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, letter: Letter) -> None:
        """Deliver it; raises OSError or smtplib.SMTPException."""
        await asyncio.to_thread(self._deliver, letter)

    def _deliver(self, letter: Letter) -> None:
        server = self._server
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = (
            server.sender,
            letter.to,
            letter.subject,
        )
        message.set_content(letter.text, cte="quoted-printable")  # not all servers take 8 bits
        with self._connect() as smtp:
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            smtp.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "ssl":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
        return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)


def mail_sender(url: str) -> MailSender:
    """The sender that a URL names; raises ValueError."""
    server = parse_mail_url(url)
    return ConsoleMail() if server is None else SmtpMail(server)
