"""Session descriptions: reads a client's offer into plain records (RFC 8866, 8829, 8843).

Every fault of the text is a PeerError that names the line; unknown attributes are passed over.
Pure: no I/O, no clock.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

from sfu.errors import PeerError
from sfu.sdp_section import (
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
    "MAX_SECTIONS",
    "Codec",
    "Extension",
    "Offer",
    "Section",
    "SectionMemory",
    "parse_offer",
]

MAX_LENGTH = 400_000  # 64 sections as Chromium writes them are about 340 kB
MAX_SECTIONS = 64
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

    With a memory the result is the same and most of it is not read again.
    """
    if len(text) > MAX_LENGTH:
        raise PeerError("bad_sdp", f"the offer is longer than {MAX_LENGTH} characters")
    parser = _Parser()
    try:
        return parser.parse(text) if memory is None else parser.parse_with(memory, text)
    except LineError as error:
        if memory is not None:
            return parse_offer(text)  # which knows the line's number
        where = f"line {parser.number} ({parser.name})"
        raise PeerError("bad_sdp", f"{where}: {error}") from None


class _Parser:
    """Reads line by line; `number` and `name` (never a value) say which line to blame."""

    def __init__(self) -> None:
        self.number = 0
        self.name = ""
        self._begun = False
        self._origin: tuple[str, str] | None = None
        self._bundle: tuple[str, ...] | None = None
        self._direction = "sendrecv"
        self._extmap_allow_mixed = False
        self._transport = TransportDraft()
        self._drafts: list[tuple[int, SectionDraft]] = []
        self._draft: SectionDraft | None = None

    def parse(self, text: str) -> Offer:
        for self.number, line in enumerate(text.split("\n"), 1):
            if line := line.rstrip("\r"):
                self._take_line(line)
        return self._finish()

    def parse_with(self, memory: SectionMemory, text: str) -> Offer:
        """As parse, section by section; a fault has no line number."""
        head, *sections = text.split("\nm=")
        for line in head.split("\n"):
            if line := line.rstrip("\r"):
                self._take_line(line)
        for section in sections:
            self._take_section(memory, "m=" + section.rstrip("\r\n"))
        return self._finish()

    def _take_section(self, memory: SectionMemory, text: str) -> None:
        """Reads one section, of which the memory may know the shape."""
        common, key = _OWN_LINES.sub("", text), b""
        if self._begun and len(common) <= MAX_SHAPE_LENGTH:
            key = blake2b(f"{self._direction}\n{common}".encode("utf-8", "surrogatepass")).digest()
        if key and (shape := memory.find(key)) is not None:
            self._open(like(shape))
            text = "".join(_OWN_LINES.findall(text))
        for line in text.split("\n"):
            if line := line.rstrip("\r"):
                self._take_line(line)
        _, draft = self._drafts[-1]
        if key and draft.section.shape is None:
            memory.keep(key, draft.make_shape())

    def _take_line(self, line: str) -> None:
        if not self._begun:
            self._begin(line)
        kind, value = line[:2], line[2:]
        if kind == "a=":
            self._take_attribute(value)
        elif kind == "m=":
            self._take_media(value)
        elif kind == "o=":
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
