"""Session descriptions: reads a client's offer into plain records (RFC 8866, 8829, 8843).

Every fault of the text is a PeerError that names the line; unknown attributes are passed over.
Pure: no I/O, no clock.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

from common.errors import PeerError
from sfu.negotiation.section import (
    DIRECTIONS,
    SECTION_READERS,
    TRANSPORT_READERS,
    Codec,
    Extension,
    LineError,
    Section,
    SectionDraft,
    TransportDraft,
    fail,
    like,
    new_section,
    token,
)

__all__ = [
    "MAX_LENGTH",
    "MAX_LINES",
    "MAX_SECTIONS",
    "Codec",
    "Extension",
    "Offer",
    "Section",
    "SectionMemory",
    "parse_offer",
]

MAX_LENGTH = 400_000  # characters; 64 sections as Chromium writes them are about 340 kB
MAX_LINES = 11_000  # and have 10,800 lines
MAX_SECTIONS = 64
MAX_SECTION_LINES = 250  # Chromium's have 168
MAX_LINE = 1_000  # characters; Chromium's have 145
MAX_READ = 3_000  # lines that are not as in another section; Chromium's class offer has 600
MAX_SHAPES = 128  # remembered; a browser has about eight
MAX_SHAPE_LENGTH = 16_000  # characters; Chromium's sections have 6,000

# The lines in which sections of one kind differ, from participant to participant too.
_OWN_LINES = re.compile(r"\na=(?:mid:|msid:|ssrc|ice-|fingerprint:|setup:|candidate:)[^\n]*")
_ORIGIN = re.compile(r"[!-~]+ (\d{1,20}) (\d{1,20}) IN IP[46] [!-~]+", re.ASCII)


@dataclass(slots=True)
class Offer:
    """A client's offer; the transport's values are those of the first bundled section."""

    sections: tuple[Section, ...]
    bundle: tuple[str, ...]
    ice_ufrag: str
    ice_pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    session_id: str
    session_version: str
    extmap_allow_mixed: bool


class SectionMemory:
    """Shapes of sections seen before, the least used forgotten first.

    A browser's offer is the same few sections again and again, with other names, sources and
    credentials: what was read of the rest once holds for all.
    """

    def __init__(self) -> None:
        self._shapes: dict[bytes, Section] = {}

    def __len__(self) -> int:
        return len(self._shapes)

    def find(self, key: bytes) -> Section | None:
        """The shape of these lines."""
        shape = self._shapes.pop(key, None)
        if shape is not None:
            self._shapes[key] = shape
        return shape

    def keep(self, key: bytes, shape: Section) -> None:
        """Remembers one."""
        if len(self._shapes) >= MAX_SHAPES:
            del self._shapes[next(iter(self._shapes))]
        self._shapes[key] = shape


def parse_offer(text: str, memory: SectionMemory | None = None) -> Offer:
    """The offer in `text`; raises PeerError("bad_sdp") naming the line that is wrong.

    What a memory holds makes it faster, and nothing else.
    """
    if len(text) > MAX_LENGTH:
        raise PeerError("bad_sdp", f"the offer is longer than {MAX_LENGTH} characters")
    if text.count("\n") >= MAX_LINES:
        raise PeerError("bad_sdp", f"the offer has more than {MAX_LINES} lines")
    parser = _Parser(SectionMemory() if memory is None else memory)
    try:
        return parser.parse(text)
    except LineError as error:
        where = f"line {parser.number} ({parser.name})"
        raise PeerError("bad_sdp", f"{where}: {error}") from None


class _Parser:
    """Reads section by section; `number` and `name` (never a value) say which line to blame."""

    def __init__(self, memory: SectionMemory) -> None:
        self.number = 0
        self.name = ""
        self._memory = memory
        self._met: set[bytes] = set()  # shapes of sections in this offer
        self._unread = MAX_READ
        self._begun = False
        self._origin: tuple[str, str] | None = None
        self._bundle: tuple[str, ...] | None = None
        self._direction = "sendrecv"
        self._extmap_allow_mixed = False
        self._transport = TransportDraft()
        self._drafts: list[tuple[int, SectionDraft]] = []
        self._draft: SectionDraft | None = None

    def parse(self, text: str) -> Offer:
        head, *sections = text.split("\nm=")
        self._count(head, "")
        self._take_lines(head)
        for section in sections:
            self._take_section("m=" + section)
        return self._finish()

    def _take_section(self, text: str) -> None:
        """Reads one section, of which the memory may know the shape."""
        common, key = _OWN_LINES.sub("", text.rstrip("\r\n")), b""
        if self._begun and len(common) <= MAX_SHAPE_LENGTH:
            key = blake2b(f"{self._direction}\n{common}".encode("utf-8", "surrogatepass")).digest()
        self._count(text, common if key in self._met else "")
        if not key:
            self._take_lines(text)
            return
        self._met.add(key)
        if (shape := self._memory.find(key)) is not None:
            self._take_known(shape, text)
            return
        self._take_lines(text)
        self._memory.keep(key, self._drafts[-1][1].make_shape())

    def _count(self, text: str, met: str) -> None:
        """Bounds the lines of a section, and of the offer those that another section has not."""
        lines = text.count("\n") + 1
        self._unread -= lines - (met.count("\n") + 1 if met else 0)
        if lines <= MAX_SECTION_LINES and self._unread >= 0:
            return
        self.number, self.name = self.number + 1, text[:2]
        if lines > MAX_SECTION_LINES:
            fail(f"more than {MAX_SECTION_LINES} lines before the next m=")
        fail(f"more than {MAX_READ} lines that differ from section to section")

    def _take_known(self, shape: Section, text: str) -> None:
        """Reads the section's own lines; where one is wrong all lines, for its number."""
        start, self.number = self.number, self.number + 1
        self.name = "m="
        self._open(like(shape))
        try:
            for line in _OWN_LINES.findall(text):
                self._take_line(line.strip("\r\n"))
        except LineError:
            self._drafts.pop()
            self.number = start
            self._take_lines(text)
        self.number = start + text.count("\n") + 1

    def _take_lines(self, text: str) -> None:
        for line in text.split("\n"):
            self.number += 1
            if line := line.rstrip("\r"):
                self._take_line(line)

    def _take_line(self, line: str) -> None:
        if len(line) > MAX_LINE:
            self.name = line[:2] if line[1:2] == "=" else "?"
            fail(f"more than {MAX_LINE} characters")
        if not self._begun:
            self._begin(line)
        kind, value = line[:2], line[2:]
        if kind == "a=":
            self._take_attribute(value)
        elif kind == "m=":
            self._take_media(value)
        elif kind == "o=" and self._draft is None:
            self._take_origin(value)
        elif kind[1:] != "=":
            self.name = "?"
            fail("not a type=value line")

    def _begin(self, line: str) -> None:
        self.name = "v="
        if line != "v=0":
            fail("an offer begins with v=0")
        self._begun = True

    def _take_origin(self, value: str) -> None:
        self.name = "o="
        if self._draft is not None:  # a remembered section would not be read again
            fail("there is an m= line before it")
        match = _ORIGIN.fullmatch(value) or fail("not an origin")
        self._origin = (match[1], match[2])

    def _take_media(self, value: str) -> None:
        self.name = "m="
        self._open(new_section(value, self._direction))

    def _open(self, draft: SectionDraft) -> None:
        if len(self._drafts) == MAX_SECTIONS:
            fail(f"more than {MAX_SECTIONS} sections")
        self._draft = draft
        self._drafts.append((self.number, draft))

    def _take_attribute(self, text: str) -> None:
        name, _, value = text.partition(":")
        draft = self._draft
        if transport_reader := TRANSPORT_READERS.get(name):
            self.name = f"a={name}"
            transport_reader(draft.transport if draft else self._transport, value)
        elif draft is None:
            self._take_session_attribute(name, value)
        elif section_reader := SECTION_READERS.get(name):
            self.name = f"a={name}"
            section_reader(draft, value)
        elif name in DIRECTIONS:
            draft.section.direction = name

    def _take_session_attribute(self, name: str, value: str) -> None:
        if name == "group":
            self.name = "a=group"
            self._take_group(value)
        elif name in DIRECTIONS:
            self._direction = name
        elif name == "extmap-allow-mixed":
            self._extmap_allow_mixed = True

    def _take_group(self, value: str) -> None:
        """RFC 8843: the first BUNDLE group counts."""
        semantics, *mids = value.split(" ")
        if semantics != "BUNDLE" or self._bundle is not None:
            return
        if len(mids) > MAX_SECTIONS:
            fail(f"more than {MAX_SECTIONS} sections in the group")
        self._bundle = tuple(token(mid) for mid in mids if mid)

    def _finish(self) -> Offer:
        self.name = "end"
        if self._origin is None:
            fail("there is no o= line")
        if not self._drafts:
            fail("there is no m= line")
        self.name = "m="
        sections: dict[str, Section] = {}
        for number, draft in self._drafts:
            self.number = number
            section = draft.finish()
            if section.mid in sections:
                fail(f"mid {section.mid} is used twice")
            sections[section.mid] = section
        return self._offer(tuple(sections.values()), self._origin)

    def _offer(self, sections: tuple[Section, ...], origin: tuple[str, str]) -> Offer:
        bundle = self._bundle or ()
        session = self._transport
        usable = (
            draft.transport
            for _, draft in self._drafts
            if draft.section.mid in bundle and not draft.section.rejected
        )
        first = next(usable, session)
        return Offer(
            sections=sections,
            bundle=bundle,
            ice_ufrag=first.ice_ufrag or session.ice_ufrag,
            ice_pwd=first.ice_pwd or session.ice_pwd,
            fingerprints=tuple(first.fingerprints or session.fingerprints),
            setup=first.setup or session.setup,
            session_id=origin[0],
            session_version=origin[1],
            extmap_allow_mixed=self._extmap_allow_mixed,
        )
