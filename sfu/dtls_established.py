"""What stands in for OpenSSL once a DTLS handshake has ended.

An SSL connection keeps 94 kB for the rest of its life: buffers for whole flights in both epochs.
From then on DTLS is a data channel that most never open, and the close_notify.
Pure: no I/O, no clock.
"""

from enum import IntEnum

from OpenSSL import SSL

from sfu.dtls_records import (
    EPOCH,
    SUITES,
    ContentType,
    Record,
    RecordReader,
    RecordWriter,
    derive_keys,
    split,
)

MAX_UNREAD = 16  # records of application data in one datagram; what is more is lost
MAX_REPEATS = 32  # of the last flight: the peer's timer doubles from a second


class AlertLevel(IntEnum):
    """RFC 5246 7.2."""

    WARNING = 1
    FATAL = 2


CLOSE_NOTIFY = 0
FINISHED = 20  # RFC 5246 7.4


def take_over(ssl: SSL.Connection, flight: bytes) -> "EstablishedDtls | None":
    """The server's association after its `flight` with the Finished, which ended the handshake;
    None where OpenSSL must go on: another version, or a suite that is not AEAD."""
    suite = SUITES.get(ssl.get_cipher_name() or "")
    last = _last_sealed(flight)
    if suite is None or last is None or ssl.get_protocol_version_name() != "DTLSv1.2":
        return None
    secret, client, server = ssl.master_key(), ssl.client_random(), ssl.server_random()
    if not secret or not client or not server:
        return None
    reads, writes = derive_keys(suite, secret, client, server)
    return EstablishedDtls(RecordReader(reads), RecordWriter(writes, last), flight)


def _last_sealed(flight: bytes) -> Record | None:
    """The flight's last record, when it is the Finished."""
    records = list(split(flight))
    if not records or records[-1].epoch != EPOCH or records[-1].type != ContentType.HANDSHAKE:
        return None
    return records[-1]


class EstablishedDtls:
    """The server's end, with as much of an SSL.Connection's face as aiortc uses from here on."""

    __slots__ = (
        "__weakref__",
        "_closed",
        "_ended",
        "_flight",
        "_outgoing",
        "_reader",
        "_repeats",
        "_unread",
        "_writer",
    )

    def __init__(self, reader: RecordReader, writer: RecordWriter, flight: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._flight = flight
        self._repeats = 0
        self._outgoing: tuple[bytes, ...] = ()
        self._unread: tuple[bytes, ...] = ()
        self._ended = False  # by the peer
        self._closed = False  # by us

    def bio_write(self, datagram: bytes) -> int:
        """A datagram of the peer."""
        for kind, plain in self._reader.open(datagram):
            if kind == ContentType.APPLICATION_DATA:
                self._unread = (*self._unread, plain)[:MAX_UNREAD]
            elif kind == ContentType.ALERT:
                self._alerted(plain)
            elif kind == ContentType.HANDSHAKE and plain[:1] == bytes((FINISHED,)):
                self._repeat()
        return len(datagram)

    def _alerted(self, alert: bytes) -> None:
        """RFC 5246 7.2: after a close_notify or a fatal alert nothing more is read."""
        if len(alert) == 2 and (alert[0] == AlertLevel.FATAL or alert[1] == CLOSE_NOTIFY):
            self._ended = True

    def _repeat(self) -> None:
        """RFC 6347 4.2.4: a Finished that comes again says that our last flight was lost."""
        if self._repeats < MAX_REPEATS and self._flight not in self._outgoing:
            self._repeats += 1
            self._outgoing = (*self._outgoing, self._flight)

    def recv(self, size: int) -> bytes:
        """The content of the next record of application data; raises SSL.Error without one."""
        if self._unread:
            first, *rest = self._unread
            self._unread = tuple(rest)
            return first[:size]
        if self._ended:
            raise SSL.ZeroReturnError
        raise SSL.WantReadError

    def bio_read(self, size: int) -> bytes:
        """The next datagram for the peer; raises SSL.WantReadError without one."""
        if not self._outgoing:
            raise SSL.WantReadError
        first, *rest = self._outgoing
        self._outgoing = tuple(rest)
        return first

    def send(self, data: bytes) -> int:
        """One record of application data."""
        if self._closed:
            raise SSL.Error("closed")
        self._outgoing = (*self._outgoing, self._writer.seal(ContentType.APPLICATION_DATA, data))
        return len(data)

    def shutdown(self) -> bool:
        """A close_notify, once; True when the peer has sent its own."""
        if not self._closed:
            self._closed = True
            alert = bytes((AlertLevel.WARNING, CLOSE_NOTIFY))
            self._outgoing = (*self._outgoing, self._writer.seal(ContentType.ALERT, alert))
        return self._ended

    def DTLSv1_get_timeout(self) -> None:
        """No flight waits for an answer."""
