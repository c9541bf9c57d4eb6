"""sendmmsg(2): one system call for many destinations, through the C library by ctypes.

Python's socket module has no such call. It saves a seventh of a copy of video and a fifth of
one of sound (docs/benchmarks.md): the kernel is entered once for 32 subscribers, and
addresses are turned into the kernel's form once, not at each send.
"""

import ctypes
import socket
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sfu.fanout.gso_batch import UDP_SEGMENT
from sfu.fanout.outbox import Destinations
from sfu.wire.address import Address

MAX_MESSAGES = 128  # of one call

_MESSAGE = 64  # bytes of struct mmsghdr on 64-bit Linux
_NAME, _NAME_LENGTH, _PARTS, _PART_COUNT, _CONTROL, _CONTROL_LENGTH = range(6)  # its words
_WORDS = _MESSAGE // 8
_CONTROL_MESSAGE = struct.Struct("@QiiH6x")  # struct cmsghdr and the size of segments
_WITH_CONTROL = memoryview(array("Q", [_CONTROL_MESSAGE.size] * MAX_MESSAGES))
_WITHOUT_CONTROL = memoryview(array("Q", [0] * MAX_MESSAGES))


def is_available() -> bool:
    """True when this machine's C library has the call, with the layout that is written here."""
    return ctypes.sizeof(ctypes.c_void_p) == 8 and hasattr(ctypes.CDLL(None), "sendmmsg")


@dataclass(slots=True)
class _Form:
    """Addresses in the kernel's form, and where they are; the memory lives as long as this."""

    owner: "ManySender"
    memory: list[ctypes.Array[ctypes.c_char]]
    pointers: memoryview
    count: int


class ManySender:
    """Sends batches of datagrams to many addresses from one open socket.

    The messages' headers are memory of our own that the kernel reads; what rarely changes in
    them is written when it changes.
    """

    def __init__(self, udp: socket.socket) -> None:
        self._fileno = udp.fileno()
        self._family = udp.family
        self._call = ctypes.CDLL(None).sendmmsg
        self._call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
        self._headers = ctypes.create_string_buffer(_MESSAGE * MAX_MESSAGES)
        self._parts = np.zeros((MAX_MESSAGES, 2), np.uint64)  # struct iovec of each message
        self._steps = np.arange(MAX_MESSAGES, dtype=np.uint64)
        self._control = ctypes.create_string_buffer(_CONTROL_MESSAGE.size)
        self._header_words = memoryview(self._headers).cast("B").cast("Q")
        self._name_words = self._header_words[_NAME::_WORDS]
        self._control_lengths = self._header_words[_CONTROL_LENGTH::_WORDS]
        self._pointer = ctypes.addressof(self._headers)
        self._layout = (0, 0)  # where the buffer is, and a batch's length
        self._segment = 0
        for number in range(MAX_MESSAGES):
            word = number * _WORDS
            self._header_words[word + _NAME_LENGTH] = len(self._encode(None))
            self._header_words[word + _PARTS] = self._parts.ctypes.data + 16 * number
            self._header_words[word + _PART_COUNT] = 1
            self._header_words[word + _CONTROL] = ctypes.addressof(self._control)

    def send(self, destinations: Destinations, buffer: bytearray, length: int, segment: int) -> int:
        """Sends in order until one fails; returns how many went out.

        `length` bytes for each, one behind the other, in datagrams of `segment` bytes. Raises
        ValueError for more than MAX_MESSAGES, and when the buffer holds less than all: the
        kernel would read what is behind it.
        """
        form = destinations.form
        if not isinstance(form, _Form) or form.owner is not self:
            form = destinations.form = self._form(destinations.addresses)
        count = form.count
        if length * count > len(buffer):
            raise ValueError("the buffer is too short")
        start = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        if self._layout != (start, length):
            self._lay_out(start, length)
        wanted = segment if length > segment else 0
        if wanted != self._segment:
            self._cut_by(wanted)
        self._name_words[:count] = form.pointers
        sent: int = self._call(self._fileno, self._pointer, count, 0)
        return max(0, sent)

    def _form(self, addresses: Sequence[Address]) -> "_Form":
        if len(addresses) > MAX_MESSAGES:
            raise ValueError("more messages than one call takes")
        memory = [ctypes.create_string_buffer(self._encode(one)) for one in addresses]
        pointers = array("Q", [ctypes.addressof(one) for one in memory])
        return _Form(self, memory, memoryview(pointers), len(addresses))

    def _lay_out(self, start: int, length: int) -> None:
        self._parts[:, 0] = self._steps * length + start
        self._parts[:, 1] = length
        self._layout = (start, length)

    def _cut_by(self, segment: int) -> None:
        """Sets the size of segments in all headers, 0 for none."""
        if bool(segment) != bool(self._segment):
            self._control_lengths[:] = _WITH_CONTROL if segment else _WITHOUT_CONTROL
        if segment:
            # cmsg_len counts its own header of 16 bytes (RFC 3542 20.2)
            content = (18, socket.IPPROTO_UDP, UDP_SEGMENT, segment)
            _CONTROL_MESSAGE.pack_into(self._control, 0, *content)
        self._segment = segment

    def _encode(self, address: Address | None) -> bytes:
        """struct sockaddr_in or sockaddr_in6; of no address its zeros."""
        v6 = self._family is socket.AF_INET6
        parts: tuple[Any, ...] = address or ("::" if v6 else "0.0.0.0", 0)
        packed = socket.inet_pton(self._family, parts[0].partition("%")[0])
        head = struct.pack("=H", self._family) + struct.pack(">H", parts[1])
        if not v6:
            return head + packed + bytes(8)
        flow, scope = (*parts[2:], 0, 0)[:2]
        return head + struct.pack(">I", flow) + packed + struct.pack("=I", scope)
