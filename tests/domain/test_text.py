"""Texts are kept trimmed, composed, readable and bounded."""

import pytest

from api.domain.text import LONG, MEDIUM, SHORT, cleaned, cleaned_or_none, locale
from api.errors import Rejection, UserErrorCode

FIELD = ("input", "name")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ann", "Ann"),
        (" \t\u00a0Ann\u3000\n", "Ann"),
        ("Zoe\u0308", "Zoë"),
        ("line one\nline two\tend", "line one\nline two\tend"),
        ("李小龍", "李小龍"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("x" * 64, "x" * 64),
        ("e\u0301" * 64, "é" * 64),
    ],
)
def test_a_text_is_kept_trimmed_and_composed(given, kept):
    assert cleaned(given, most=SHORT, field=FIELD) == kept


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1b", "\ud800", "\u202e", "\u2066"])
def test_what_cannot_be_kept_or_read_is_rejected(character):
    with pytest.raises(Rejection) as found:
        cleaned(f"a{character}b", most=SHORT, field=FIELD)
    assert (found.value.code, found.value.field) == (UserErrorCode.INVALID, FIELD)
    assert character not in found.value.message


@pytest.mark.parametrize("given", ["", " ", "\n\t", "\u00a0", "\u200b", "\u2060\ufeff", "\u3000"])
def test_a_text_nobody_can_see_is_blank(given):
    with pytest.raises(Rejection) as found:
        cleaned(given, most=SHORT, field=FIELD)
    assert found.value.code is UserErrorCode.BLANK


@pytest.mark.parametrize("most", [SHORT, MEDIUM, LONG])
def test_a_text_has_its_length_at_most(most):
    assert len(cleaned("x" * most, most=most, field=FIELD)) == most
    with pytest.raises(Rejection, match=str(most)) as found:
        cleaned("x" * (most + 1), most=most, field=FIELD)
    assert found.value.code is UserErrorCode.TOO_LONG


def test_no_text_is_not_an_empty_text():
    assert cleaned_or_none(None, most=SHORT, field=FIELD) is None
    with pytest.raises(Rejection):
        cleaned_or_none("", most=SHORT, field=FIELD)


@pytest.mark.parametrize("tag", ["de", "gsw", "de-CH", "zh-Hant", "zh-Hant-TW", "es-419"])
def test_a_language_tag_is_kept(tag):
    assert locale(tag, FIELD) == tag


@pytest.mark.parametrize("tag", ["", "DE", "de_CH", "de-ch", "german", "de-CH-1901", "es-٤١٩", "de\n"])
def test_another_form_is_no_language_tag(tag):
    with pytest.raises(Rejection) as found:
        locale(tag, FIELD)
    assert found.value.code is UserErrorCode.INVALID
