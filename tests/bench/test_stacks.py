"""Sampled stacks become self times: whose, and of what kind."""

import pytest

from bench import stacks

RAW = """\
run (a.py:1);UdpWorker._on_readable (sfu/io/udp.py:95);recvfrom (libc.so.6) 10
run (a.py:1);_seal_run (sfu/fanout/forward.py:146);aesni_ctr32 (cryptography/_rust.abi3.so) 20
run (a.py:1);_seal_run (sfu/fanout/forward.py:133) 30
run (a.py:1);Sender.append_run (sfu/io/sender.py:131);sock_sendto (s.c:43);sendto (libc.so.6) 40
"""


def test_native_code_counts_for_the_function_that_called_it() -> None:
    shares = stacks.by_function(stacks.parse(RAW))
    assert [(one.name, one.samples) for one in shares] == [
        ("_seal_run (sfu/fanout/forward.py)", 50),
        ("Sender.append_run (sfu/io/sender.py)", 40),
        ("UdpWorker._on_readable (sfu/io/udp.py)", 10),
    ]


def test_kinds_of_work_are_told_by_the_native_frames() -> None:
    shares = {one.name: one.share for one in stacks.by_kind(stacks.parse(RAW))}
    assert shares == {
        "send (kernel)": 0.4,
        "Python": 0.3,
        "encryption (cryptography)": 0.2,
        "receive (kernel)": 0.1,
    }


def test_a_stack_without_python_stands_for_itself() -> None:
    assert stacks.function_of(("0x7f (libc.so.6)",)) == "0x7f (libc.so.6)"


def test_the_table_tells_microseconds_and_sums_the_rest() -> None:
    lines = stacks.render("kind", stacks.by_kind(stacks.parse(RAW)), 5.0, least=0.15)
    assert lines[0].split() == ["kind", "%", "µs", "per", "copy"]
    assert lines[1].split() == ["send", "(kernel)", "40.0", "2.00"]
    assert lines[-1].split() == ["1", "others", "10.0", "0.50"]
    assert len({len(line) for line in lines}) == 1


def test_a_line_without_a_count_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        stacks.parse("a;b c\n")
