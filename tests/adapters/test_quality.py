"""Quality in the words and numbers of devices."""

from __future__ import annotations

import math

import pytest

from adapters.quality import QualityCodes, is_quality_word, quality_of
from gateway.models import BAD, GOOD, UNCERTAIN, Quality


@pytest.mark.parametrize(
    ("raw", "quality"),
    [
        (None, GOOD),
        (True, GOOD),
        ("GOOD", GOOD),
        ("Good_LocalOverride", GOOD),
        ("ok", GOOD),
        ("", GOOD),
        (192, GOOD),
        (216, GOOD),
        ("192", GOOD),
        (192.0, GOOD),
        ({}, GOOD),
        ({"Code": 0, "Symbol": "Good"}, GOOD),
        ({"Symbol": "Good"}, GOOD),
        (False, BAD),
        ("bad", BAD),
        (0, BAD),
        (64, UNCERTAIN),
        ("UNCERTAIN", UNCERTAIN),
    ],
)
def test_the_plain_ones_are_the_constants_themselves(raw: object, quality: Quality) -> None:
    assert quality_of(raw) is quality


@pytest.mark.parametrize(
    ("raw", "quality"),
    [
        ("Bad_NoCommunication", Quality(0, "Bad_NoCommunication")),
        (" Uncertain, sensor ", Quality(64, "Uncertain, sensor")),
        ("strange", Quality(64, "strange")),
        (24, Quality(0, "24")),
        (0x80, Quality(0, "128")),
        (68, Quality(64, "68")),
        (0x80310000, Quality(0, "0x80310000")),
        (-2144272384, Quality(0, "0x80310000")),
        (0x40000000, Quality(64, "0x40000000")),
        ({"Code": 2150694912, "Symbol": "BadNoCommunication"}, Quality(0, "BadNoCommunication")),
        ({"code": 1083310080}, Quality(64, "0x40920000")),
        ({"Symbol": "BadOutOfService"}, Quality(0, "BadOutOfService")),
        (0.97, Quality(64, "0.97")),
        (math.nan, Quality(64, "nan")),
        (10**30, Quality(64, "1" + "0" * 30)),
        ([1], Quality(64, "[1]")),
        ("bad\ud800", Quality(0, "bad?")),
    ],
)
def test_others_keep_the_code_of_their_source(raw: object, quality: Quality) -> None:
    assert quality_of(raw) == quality


@pytest.mark.parametrize(
    ("raw", "codes", "level"), [(0, "opc_da", 0), (0, "opc_ua", 192), (192, "opc_ua", 192), ("0", "opc_ua", 192)]
)
def test_a_small_number_is_read_as_the_option_says(raw: object, codes: QualityCodes, level: int) -> None:
    assert quality_of(raw, codes).level == level


def test_a_word_for_quality_is_told_from_other_texts() -> None:
    assert all(map(is_quality_word, ["GOOD", "bad", "Uncertain_SubNormal"]))
    assert not any(map(is_quality_word, ["RUN", "", 192, True, None, "ok"]))
