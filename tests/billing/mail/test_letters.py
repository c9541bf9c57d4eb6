"""Letters: the URL, the screen, a real SMTP server of the test's own, the queue before it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_string
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billing.mail.letters import (
    ConsoleMail,
    Letter,
    SmtpMail,
    SmtpServer,
    mail_sender,
    parse_mail_url,
)
from billing.mail.queue import MOST, MailQueue
from tests.billing.support import Post, make_context

LETTER = Letter("ravi@example.com", "A new password", "Hello Ravi,\n\nनमस्ते\n.\nBye")


REPLIES = {"AUTH": b"235 welcome\r\n", "QUIT": b"221 bye\r\n"}


class Postmaster:
    """An SMTP server that takes one letter; `tls`: what STARTTLS upgrades to."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.commands: list[str] = []
        self.letter = ""
        self.is_encrypted = False
        self._tls = tls

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ssl.SSLError, ConnectionError):  # a client that does not trust us hangs up
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            word = line.split()[0].upper()
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                self.letter = (await reader.readuntil(b"\r\n.\r\n")).decode()
            await self._answer(word, writer)

    async def _answer(self, word: str, writer: asyncio.StreamWriter) -> None:
        if word == "EHLO":
            offer = "250-STARTTLS\r\n" if self._tls and not self.is_encrypted else ""
            writer.write(f"250-test\r\n{offer}250 AUTH PLAIN\r\n".encode())
        elif word == "STARTTLS":
            writer.write(b"220 now\r\n")
            await writer.drain()
            assert self._tls is not None
            await writer.start_tls(self._tls)
            self.is_encrypted = True
        else:
            writer.write(REPLIES.get(word, b"250 fine\r\n"))


@asynccontextmanager
async def served(postmaster: Postmaster) -> AsyncIterator[int]:
    """Its port."""
    server = await asyncio.start_server(postmaster.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def certificate(folder: Path) -> ssl.SSLContext:
    """Of 127.0.0.1, signed by itself, as the files cert.pem and key.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_url_names_server_sender_and_encryption() -> None:
    url = "smtp://asha%40x:p%3Aw@mail.example:2525?from=classes@example.com&tls=ssl"
    assert parse_mail_url(url) == SmtpServer(
        "mail.example", 2525, "ssl", "classes@example.com", "asha@x", "p:w"
    )
    plain = parse_mail_url("smtp://mail.example?from=a@b.example")
    assert plain == SmtpServer("mail.example", 587, "starttls", "a@b.example")
    assert parse_mail_url("console") is None


async def test_without_a_server_letters_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    sender = mail_sender("console")
    assert isinstance(sender, ConsoleMail)
    await sender.send(LETTER)
    printed = capsys.readouterr().out
    assert LETTER.to in printed
    assert LETTER.text in printed


async def test_a_letter_reaches_the_server() -> None:
    postmaster = Postmaster()
    async with served(postmaster) as port:
        await SmtpMail(SmtpServer("127.0.0.1", port, "none", "classes@example.com")).send(LETTER)
    assert postmaster.letter.isascii()
    letter = message_from_string(postmaster.letter.removesuffix(".\r\n").replace("\r\n..", "\r\n."))
    assert (letter["From"], letter["To"]) == ("classes@example.com", LETTER.to)
    assert letter["Subject"] == LETTER.subject
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().split() == LETTER.text.split()


async def test_the_password_goes_through_encryption_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postmaster = Postmaster(certificate(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    async with served(postmaster) as port:
        url = f"smtp://asha:s3cret@127.0.0.1:{port}?from=classes@example.com"
        await mail_sender(url).send(LETTER)
    words = [line.split()[0].upper() for line in postmaster.commands]
    assert words.index("STARTTLS") < words.index("AUTH") < words.index("MAIL")
    assert postmaster.is_encrypted
    assert LETTER.to in postmaster.letter


async def test_a_server_without_encryption_gets_neither_password_nor_letter() -> None:
    postmaster = Postmaster()
    async with served(postmaster) as port:
        url = f"smtp://asha:s3cret@127.0.0.1:{port}?from=classes@example.com"
        with pytest.raises(Exception, match="STARTTLS"):
            await mail_sender(url).send(LETTER)
    assert not [line for line in postmaster.commands if line.startswith(("AUTH", "MAIL"))]


async def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    postmaster = Postmaster(certificate(tmp_path))
    async with served(postmaster) as port:
        url = f"smtp://asha:s3cret@127.0.0.1:{port}?from=classes@example.com"
        with pytest.raises(ssl.SSLCertVerificationError):
            await mail_sender(url).send(LETTER)
    assert not [line for line in postmaster.commands if line.startswith(("AUTH", "MAIL"))]


async def test_letters_wait_for_their_turn_and_one_that_fails_holds_up_none(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context:
        post, woken = Post(), []
        queue = MailQueue(post, lambda: woken.append(True))
        await queue.send(LETTER)
        assert (post.letters, woken) == ([], [True])
        post.broken = True
        await queue.turn(context)
        assert context.counts["mail_failed"] == 1
        post.broken = False
        await queue.send(LETTER)
        await queue.turn(context)
        assert post.letters == [LETTER]
        assert context.counts["mail_failed"] == 1


async def test_letters_that_wait_are_bounded() -> None:
    queue = MailQueue(Post(), lambda: None)
    for _ in range(MOST):
        await queue.send(LETTER)
    with pytest.raises(OSError, match="too many"):
        await queue.send(LETTER)
