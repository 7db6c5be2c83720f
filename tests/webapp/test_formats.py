"""Shares, times and numbers as the pages print them."""

import pytest

from webapp.formats import (
    as_written,
    duration,
    in_a_row,
    named,
    share_in_words,
    share_text,
    short_number,
    signed_number,
)
from webapp.i18n import texts_in


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0.0 s"), (12.34, "12.3 s"), (100.0, "1 min 40 s"), (119.7, "2 min 0 s")]
)
def test_times_as_a_person_reads_them(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "short", "words"),
    [(0.004, "0%", "less than 1%"), (0.81, "81%", "81%"), (0.9949, "99%", "99%"), (1.0, ">99%", "more than 99%")],
)
def test_no_share_is_certain(share, short, words):
    assert (share_text(share), share_in_words(share)) == (short, words)


def test_numbers_have_a_real_minus_sign_and_zero_has_none():
    assert [signed_number(value) for value in (-1234.5, -0.001, 0.0, 2.0)] == ["−1,234.50", "0.00", "0.00", "+2.00"]
    assert short_number(-0.012345) == "−0.0123"


def test_chinese_has_a_colon_of_its_own():
    assert named("Learning rate", "0.1") == "Learning rate: 0.1"
    with texts_in("zh"):
        assert named("学习率", "0.1") == "学习率：0.1"


def test_sentences_in_a_row_have_one_space_between_them():
    assert in_a_row("It reads 7.", "Why?") == "It reads 7. Why?"
    assert in_a_row("认成 7。", "为什么？") == "认成 7。为什么？"


def test_a_strangers_text_is_no_markdown():
    assert as_written("![x](a/b.png) 快速 · 1a") == r"\!\[x\]\(a\/b\.png\) 快速 · 1a"
    assert as_written("a_b*$:red[`\\") == r"a\_b\*\$\:red\[\`\\"
    for address in ("http://b", "HTTPS://b", "www.b", "a@b.c"):
        assert "\u2060" in as_written(address)
