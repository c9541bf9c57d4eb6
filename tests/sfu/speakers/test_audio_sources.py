"""Who is heard, in which order, and whose camera follows."""

from sfu.publish.producer import Producer
from sfu.speakers.audio_sources import AudioSources
from tests.support.core import Source
from tests.support.offers import audio, video


def microphone(name: str) -> Producer:
    """An open microphone that has sent something."""
    producer = Source(audio(), transport_id=name).producer("microphone")
    producer.layers[0].stream.ssrc = 7
    return producer


def sources(*producers: Producer) -> AudioSources:
    made = AudioSources()
    for producer in producers:
        made.add(producer)
    return made


def speak(made: AudioSources, producer: Producer, until: float = 2.0) -> None:
    for tick in range(round(until / 0.02)):
        made.on_level(producer, 20, tick * 0.02)
        made.handle_timers(tick * 0.02)


def test_pinned_first_then_all_that_are_on() -> None:
    ada, ben = microphone("ada"), microphone("ben")
    made = sources(ada, ben)
    made.pin("teacher")
    assert made.voices() == (["teacher:microphone"], ["ada:microphone", "ben:microphone"])
    made.unpin("teacher")
    made.unpin("teacher")
    assert made.voices()[0] == []


def test_a_speaker_comes_before_others_and_its_camera_is_followed() -> None:
    ada, ben = microphone("ada"), microphone("ben")
    made = sources(ada, ben)
    speak(made, ben)
    assert made.voices()[1] == ["ben:microphone", "ada:microphone"]
    assert (made.speaking(), made.dominant()) == (("ben",), "ben")
    assert made.cameras() == ["ben:camera"] * 2


def test_a_muted_microphone_is_neither_heard_nor_ranked() -> None:
    ada = microphone("ada")
    made = sources(ada)
    speak(made, ada)
    ada.paused = True
    made.update(ada)
    assert made.voices() == ([], [])
    assert made.dominant() is None


def test_what_has_sent_nothing_and_what_is_gone_is_not_heard() -> None:
    ada, silent = microphone("ada"), Source(audio(), transport_id="ben").producer("microphone")
    made = sources(ada, silent)
    assert made.voices()[1] == ["ada:microphone"]
    made.remove(ada)
    made.remove(ada)
    assert made.voices()[1] == []


def test_pictures_are_left_out() -> None:
    made = sources(Source(video()).producer())
    assert made.voices() == ([], [])
    assert made.next_deadline() is None
