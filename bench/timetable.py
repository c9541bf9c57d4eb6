"""A stretch of class as it arrives: media of all publishers, feedback of all subscribers.

Pure: no I/O, no clock.
"""

import random

from bench.publisher import Publisher
from bench.scene import Scene
from bench.sinks import Timetable
from bench.subscriber import CHECK_EVERY, REPORT_EVERY, Subscriber

BLOCK = 0.1  # s of class
REPORT_PHASE = 0.5  # s from a second's begin to the publishers' Sender Reports


def timetable(scene: Scene, start: float, seconds: float, speed: float, seed: int) -> Timetable:
    """`speed` times 30 frames and 50 sounds a second; reports and checks as usual."""
    draw = random.Random(seed)
    table: Timetable = []
    for number, publisher in enumerate(scene.publishers):
        phase = draw.random() / 30 if number else 0.0  # nobody's camera is in step with another's
        table += _media(publisher, number, start + phase, seconds, speed)
        table += _checks(publisher, number, start, seconds, 0.0)
    first = len(scene.publishers)
    for number, subscriber in enumerate(scene.subscribers):
        table += _reports(subscriber, first + number, start, seconds, draw.random())
        table += _checks(subscriber, first + number, start, seconds, draw.random())
    return sorted(table, key=lambda entry: entry[0])


def _media(
    publisher: Publisher, person: int, start: float, seconds: float, speed: float
) -> Timetable:
    table: Timetable = []
    for block in range(round(seconds * speed / BLOCK)):
        begins = start + block * BLOCK / speed
        table += [(begins + at / speed, person, data) for at, data in publisher.block()]
    for second in range(int(seconds)):
        at = start + second + REPORT_PHASE
        table.append((at, person, publisher.reports(at)))
    return table


def _reports(
    subscriber: Subscriber, person: int, start: float, seconds: float, phase: float
) -> Timetable:
    first = start + phase * REPORT_EVERY
    times = [first + n * REPORT_EVERY for n in range(round(seconds / REPORT_EVERY) + 1)]
    return [(at, person, [subscriber.report(at)]) for at in times if at < start + seconds]


def _checks(
    who: Publisher | Subscriber, person: int, start: float, seconds: float, phase: float
) -> Timetable:
    first = start + phase * CHECK_EVERY
    times = [first + n * CHECK_EVERY for n in range(round(seconds / CHECK_EVERY) + 1)]
    return [(at, person, [who.check()]) for at in times if at < start + seconds]
