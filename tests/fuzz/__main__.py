"""`make fuzz`: each surface under atheris for a while, from its corpus on.

python -m tests.fuzz [target …] [--seconds N] [--seed N] [--keep]
python -m tests.fuzz TARGET --replay FILE | --hex INPUT …
python -m tests.fuzz --seeds
"""

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import corpus, reach, seeds
from tests.fuzz.harness import FuzzFailure, Harness
from tests.fuzz.quiet import silence

ROOT = Path(__file__).parent.parent.parent
FINDINGS = ROOT / "build" / "fuzz"
LONGEST = {True: 65_536, False: 4_096}  # bytes of an input, of text and of others
INPUT_TIMEOUT = 120  # s of the wall clock for one input: the machine may have more to do
MEMORY = 1_500  # MB
TOLD_EVERY = 10.0  # s
PROGRESS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+)")
INPUTS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


@dataclass(slots=True)
class Result:
    """What came of one target's time."""

    name: str
    inputs: int = 0
    reached: int = 0
    found: int = 0
    failed: bool = False

    def __str__(self) -> str:
        end = "FAILED" if self.failed else "ok"
        return (
            f"{self.name:<10} {self.inputs:>12,} inputs {self.reached:>7,} branches "
            f"{self.found:>5} new  {end}"
        )


def fuzz(name: str, seconds: int, seed: int) -> Result:
    """One target for so long; its output is shown when it fails."""
    found = FINDINGS / name
    found.mkdir(parents=True, exist_ok=True)
    before = len(list(found.iterdir()))
    command = [
        *(sys.executable, "-m", "tests.fuzz.engine", name, str(FINDINGS)),
        *(f"-max_total_time={seconds}", f"-max_len={LONGEST[corpus.load_target(name).TEXT]}"),
        *(f"-timeout={INPUT_TIMEOUT}", f"-rss_limit_mb={MEMORY}", f"-seed={seed}"),
        *(f"-artifact_prefix={FINDINGS}/{name}-", "-print_final_stats=1"),
        *(str(found), str(corpus.folder(name))),
    ]
    result = Result(name)
    print(f"{name}: {seconds} s", flush=True)
    said = _follow(command, result)
    result.found = len(list(found.iterdir())) - before
    if result.failed:
        print("\n".join(said[-60:]))
    return result


def _follow(command: list[str], result: Result) -> list[str]:
    """Runs it and tells how far it is; all that it has said."""
    said: list[str] = []
    told = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = [*said[-200:], line.rstrip()]
            if match := PROGRESS.match(line):
                result.inputs, result.reached = int(match[1]), int(match[2])
                if time.monotonic() - told >= TOLD_EVERY:
                    told = time.monotonic()
                    print(f"  {result}", flush=True)
            elif match := INPUTS.match(line):
                result.inputs = int(match[1])
    result.failed = process.returncode != 0
    return said


def keep(name: str) -> int:
    """Takes what was found into the corpus, as far as it adds something; how many."""
    target = corpus.load_target(name)
    known = corpus.load(name)
    found = [path.read_bytes() for path in sorted((FINDINGS / name).glob("*"))]
    chosen = reach.choose(target, known.values(), set(found) - set(known.values()))
    for data in chosen:
        corpus.write(name, corpus.name_of(data), data)
    return len(chosen)


def replay(name: str, inputs: list[bytes]) -> int:
    """Runs inputs one after the other in one world."""
    harness = Harness(name, corpus.load_target(name))
    try:
        for data in inputs:
            harness.feed(data)
        harness.finish()
    except FuzzFailure as failure:
        print(failure)
        raise
    print(f"{name}: {len(inputs)} inputs, nothing is wrong")
    return 0


def read_inputs(path: Path) -> list[bytes]:
    """A failure's history, or one input as it is."""
    if path.suffix == ".hex":
        return [bytes.fromhex(line) for line in path.read_text().splitlines()]
    return [path.read_bytes()]


def run(options: argparse.Namespace) -> int:
    """All targets that were named; 0 when none has failed."""
    results = []
    for name in options.targets or corpus.NAMES:
        results.append(fuzz(name, options.seconds, options.seed))
        if options.keep and not results[-1].failed:
            print(f"  kept {keep(name)}")
    print(*results, sep="\n")
    return int(any(result.failed for result in results))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*corpus.NAMES, []])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="of atheris; 0: another each time")
    parser.add_argument("--keep", action="store_true", help="take findings into the corpus")
    parser.add_argument("--replay", type=Path, help="a failure's .hex file, or one input")
    parser.add_argument("--hex", nargs="+", help="inputs, in hexadecimal digits")
    parser.add_argument("--seeds", action="store_true", help="write the seeds of the corpora anew")
    options = parser.parse_args()
    if options.seeds:
        return seeds.write()
    if options.replay or options.hex:
        inputs = read_inputs(options.replay) if options.replay else map(bytes.fromhex, options.hex)
        return replay(options.targets[0], list(inputs))
    return run(options)


if __name__ == "__main__":
    with silence():
        sys.exit(main())
