"""The drawn test card."""

import numpy as np
import pytest

from loadtest.media import pictures

FPS = 30


@pytest.fixture(scope="module")
def card() -> pictures.TestCard:
    return pictures.TestCard()


def test_every_size_of_a_picture_says_its_number(card: pictures.TestCard) -> None:
    for number in (0, 1, 299, 0xABC, (1 << pictures.CODE_BITS) - 1):
        picture = card.draw(number, FPS)
        for height in (720, 360, 180):
            assert picture.y.shape == (height, height * 16 // 9)
            assert picture.u.shape == picture.v.shape == (height // 2, height * 8 // 9)
            assert pictures.read_number(picture.y) == number
            picture = picture.halved()


def test_the_same_picture_comes_out_each_time(card: pictures.TestCard) -> None:
    again = pictures.TestCard()
    assert np.array_equal(card.draw(77, FPS).planar(), again.draw(77, FPS).planar())


def test_pictures_move_in_brightness_and_colour(card: pictures.TestCard) -> None:
    one, other = card.draw(30, FPS), card.draw(31, FPS)
    for a, b in ((one.y, other.y), (one.u, other.u), (one.v, other.v)):
        assert 0.05 < float(np.mean(a != b)) < 1


def test_planes_lie_one_behind_the_other(card: pictures.TestCard) -> None:
    picture = card.draw(0, FPS)
    planar = picture.planar()
    assert planar.shape == (720 * 3 // 2, 1280)
    assert np.array_equal(planar[:720], picture.y)
    assert np.array_equal(planar[720:900].reshape(360, 640), picture.u)


def test_a_label_changes_only_its_own_corner(card: pictures.TestCard) -> None:
    picture = card.draw(5, FPS).halved()
    before = picture.y.copy()
    pictures.label(picture)
    rows, columns = np.nonzero(picture.y != before)
    assert rows.size > 0
    assert rows.max() < 110
    assert columns.max() < 160
