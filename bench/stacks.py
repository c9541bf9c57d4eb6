"""Sampled stacks as py-spy writes them (one line each: frames by semicolons, a count), summed up.

Pure: no I/O, no clock.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Stack = tuple[str, ...]

# What native code below a Python function is doing, by the first rule that meets one of its frames.
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("send (kernel)", r"^(__)?send(to|msg|mmsg)?\b"),
        ("receive (kernel)", r"^(__)?recv(from|msg|mmsg)?\b"),
        ("socket options (kernel)", r"^(__)?setsockopt\b"),
        ("wait for events (kernel)", r"epoll_p?wait"),
        ("garbage collection", r"^gc_collect"),
        ("SRTCP (libsrtp)", r"srtp"),
        ("encryption (cryptography)", r"_rust\.abi3|libcrypto|^EVP_|aesni|ghash"),
        ("event loop (uvloop)", r"^uv_|uvloop"),
    )
)
PYTHON = "Python"
_LINE = re.compile(r":\d+\)$")
_PYTHON_FRAME = re.compile(r"\.py(:\d+)?\)$|<(frozen|string)[^>]*>")


@dataclass(frozen=True, slots=True)
class Share:
    """Of one function or one kind of work."""

    name: str
    samples: int
    share: float


def parse(text: str) -> list[tuple[Stack, int]]:
    """Raises ValueError when a line has no count."""
    stacks = []
    for line in filter(None, text.splitlines()):
        frames, _, count = line.rpartition(" ")
        stacks.append((tuple(frames.split(";")), int(count)))
    return stacks


def function_of(stack: Stack) -> str:
    """The innermost Python function, without its line; native code counts for who called it."""
    for frame in reversed(stack):
        if _PYTHON_FRAME.search(frame):
            return _LINE.sub(")", frame)
    return stack[-1]


def kind_of(stack: Stack) -> str:
    """What it is doing: the native frames below the innermost Python function tell."""
    for frame in reversed(stack):
        if _PYTHON_FRAME.search(frame):
            break
        for kind, pattern in _KINDS:
            if pattern.search(frame):
                return kind
    return PYTHON


def by_kind(stacks: Iterable[tuple[Stack, int]]) -> list[Share]:
    """The most first."""
    return _shares(Counter(_spread((kind_of(stack), count) for stack, count in stacks)))


def by_function(stacks: Iterable[tuple[Stack, int]]) -> list[Share]:
    """Self time with the native code that it calls; the most first."""
    return _shares(Counter(_spread((function_of(stack), count) for stack, count in stacks)))


def _spread(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, count in counts:
        sums[name] = sums.get(name, 0) + count
    return sums


def _shares(sums: Counter[str]) -> list[Share]:
    total = sums.total() or 1
    return [Share(name, count, count / total) for name, count in sums.most_common()]


def render(
    title: str, shares: Sequence[Share], us_per_copy: float, least: float = 0.005
) -> list[str]:
    """Plain lines; what is below `least` is summed in the last one."""
    shown = [(one.name, one.share) for one in shares if one.share >= least]
    rest = 1.0 - sum(share for _, share in shown)
    if shares and rest > 0.000_5:
        shown.append((f"{len(shares) - len(shown)} others", rest))
    width = max((len(name) for name, _ in shown), default=0)
    width = max(width, len(title))
    return [
        f"{title:{width}}      %  µs per copy",
        *(
            f"{name:{width}}  {share * 100:5.1f}  {share * us_per_copy:11.2f}"
            for name, share in shown
        ),
    ]
