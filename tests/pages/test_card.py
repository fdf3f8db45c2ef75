"""The picture that is forwarded says what the page says, the same bytes every time."""

import struct

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from kaur_analysis import reporting as r
from kaur_analysis.disclosure import identifier_findings
from kaur_analysis.reporting.card import NUMBERS, SIZE, card_caption, card_image, drawn
from tests.pages import extremes
from tests.pages import fabricated as made


def view(edition="biasa", area=made.AREA, synthetic=True):
    return r.kecamatan_view(extremes.editions()[edition], made.facts(synthetic), area, extremes.CODE)


@pytest.fixture(scope="module")
def picture():
    return card_image(view())


def test_the_same_numbers_give_the_same_picture(picture):
    assert card_image(view()) == picture


def test_it_is_a_square_that_messengers_show_whole(picture):
    assert struct.unpack(">II", picture[16:24]) == (SIZE, SIZE)


def test_it_is_small_enough_to_forward(picture):
    assert len(picture) <= 300_000


def test_it_carries_no_name_of_a_program(picture):
    assert b"matplotlib" not in picture.lower()


def written(page):
    return " ".join(text.get_text() for text in drawn(page).findobj(Text))


@pytest.mark.parametrize("edition", list(extremes.editions()))
def test_no_word_of_a_sentence_is_cut_off(edition):
    page = view(edition)
    action = page.actions[0]
    for sentence in (page.headline.finding, page.headline.comparison, action.sentence, action.rupiah[1:]):
        assert sentence in written(page)


@pytest.mark.parametrize("edition", list(extremes.editions()))
def test_every_mark_of_a_number_is_on_the_picture(edition):
    page = view(edition)
    marked = [page.indicators[place] for place in NUMBERS if page.indicators[place].figure.caution]
    assert written(page).count("pakai dengan hati-hati") >= len(marked)
    assert all(page.indicators[place].word in written(page) for place in NUMBERS)


def test_no_letter_leaves_the_picture():
    figure = drawn(view(area=extremes.with_names(extremes.LONG)))
    boxes = [text.get_window_extent(FigureCanvasAgg(figure).get_renderer()) for text in figure.findobj(Text)]
    assert all(box.x1 <= SIZE and box.y0 >= 0 for box in boxes)


@pytest.mark.parametrize("edition", list(extremes.editions()))
def test_every_edition_at_the_edge_has_a_picture(edition):
    assert card_image(view(edition)).startswith(b"\x89PNG")


def test_a_long_or_hostile_name_still_has_a_picture():
    area = extremes.with_names(extremes.LONG)
    assert card_image(view(area=area)).startswith(b"\x89PNG")


def test_the_caption_carries_finding_and_actions_of_the_page():
    caption, page = card_caption(view()), view()
    assert page.headline.finding in caption
    assert all(action.sentence in caption for action in page.actions)


def test_the_caption_describes_the_picture_for_those_who_cannot_see_it():
    last = card_caption(view()).rstrip().split("\n")[-1]
    assert last.startswith("Teks pengganti gambar: kartu Kecamatan Nasal.")
    assert "Penduduk miskin: 25% (kisaran 17–32%, lebih tinggi)" in last


def test_a_protected_number_is_named_so_in_the_caption():
    assert "Keluarga miskin ekstrem: dilindungi" in card_caption(view("semua dilindungi"))


def test_synthetic_data_are_called_so_in_the_caption():
    assert "DATA SINTETIS" in card_caption(view()) and "SINTETIS" not in card_caption(view(synthetic=False))


def test_nothing_in_a_caption_looks_like_an_identifier():
    assert identifier_findings(card_caption(view())) == []
