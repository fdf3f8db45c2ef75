"""A picture to forward: a kecamatan's finding and three numbers, and the caption that says the same in words."""

import io
from textwrap import shorten, wrap

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

from kaur_analysis.formats import number
from kaur_analysis.reporting.charts import GREY, INK, PALE, STYLE
from kaur_analysis.reporting.views import Indicator, KecamatanView

SIZE, DOTS = 1080, 100  # square, as messengers show it whole; pixels, and pixels to the inch
POINT = 72 / DOTS  # a pixel in points
NUMBERS = (0, 2, 3)  # of the page's indicators: share of the poor, extremely poor families, those without a programme
EDGE = 64


def card_image(view: KecamatanView) -> bytes:
    """The card as PNG; the same view gives the same bytes."""
    with mpl.rc_context({**STYLE, "figure.dpi": DOTS}):
        figure = Canvas(figsize=(SIZE / DOTS, SIZE / DOTS), facecolor="white")
        facts = view.frame.facts
        top = 0
        if facts.synthetic:
            figure.patches.append(_box(figure, 0, 0, SIZE, 60, INK))
            _write(figure, SIZE / 2, 44, "DATA SINTETIS · bukan angka sebenarnya", 28, "white", "bold", "center")
            top = 60
        title = shorten(view.frame.title, 40, placeholder="…")
        _write(figure, EDGE, top + 86, title, min(58, 1500 / len(title)), INK, "bold")
        _write(figure, EDGE, top + 130, f"{view.frame.place} · data per {facts.snapshot}", 28, GREY)
        line = top + 196
        for words in _wrap(view.headline.finding, 42)[:4]:
            _write(figure, EDGE, line, words, 38, INK, "bold")
            line += 48
        for words in _wrap(view.headline.comparison, 54)[:2]:
            _write(figure, EDGE, line + 4, words, 31, INK)
            line += 40
        for place, item in enumerate(_numbers(view)):
            _number(figure, EDGE + 14 + place * 326, 530, item)
        _first_action(figure, view)
        _foot(figure, view)
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=DOTS, metadata={"Software": None})
    return stream.getvalue()


def _numbers(view: KecamatanView) -> list[Indicator]:
    return [view.indicators[place] for place in NUMBERS]


def _number(figure: Canvas, left: float, top: float, item: Indicator) -> None:
    figure.patches.append(_box(figure, left - 14, top, 300, 300, PALE))
    for row, words in enumerate(_wrap(item.label, 19)[:2]):
        _write(figure, left, top + 44 + 34 * row, words, 27, INK, "bold")
    _write(figure, left, top + 156, item.figure.text, 76 if len(item.figure.text) < 6 else 60, INK, "bold")
    lines = [f"kisaran {item.figure.range}" if item.figure.has_range else "" if item.figure.shown else item.figure.why]
    lines += [item.word] if item.word else []
    lines += ["pakai dengan hati-hati"] if item.figure.caution else []
    for row, words in enumerate([part for line in lines for part in _wrap(line, 20)][:4]):
        _write(figure, left, top + 198 + 31 * row, words, 25, INK)


def _first_action(figure: Canvas, view: KecamatanView) -> None:
    for action in view.actions[:1]:
        lines = _wrap(f"Yang perlu dilakukan: {action.sentence} {action.rupiah[:1].upper()}{action.rupiah[1:]}.", 62)
        for row, words in enumerate(lines[:2]):
            _write(figure, EDGE, 880 + 36 * row, words, 29, INK)


def _wrap(text: str, width: int) -> list[str]:
    return wrap(text, width, break_on_hyphens=False)


def _foot(figure: Canvas, view: KecamatanView) -> None:
    facts = view.frame.facts
    line = 972
    for words in _wrap(
        f"Perkiraan, bukan sensus. Kisaran 95 persen; lebih tinggi atau rendah: dari {view.frame.place}.", 74
    ):
        _write(figure, EDGE, line, words, 23, GREY)
        line += 30
    source = " · ".join(filter(None, [facts.contact, f"edisi {facts.edition} ({facts.status})", facts.run]))
    for words in _wrap(source, 76)[:2]:
        _write(figure, EDGE, line, words, 23, GREY)
        line += 30


def _box(figure: Canvas, left: float, top: float, width: float, height: float, colour: str) -> mpl.patches.Rectangle:
    corner = (left / SIZE, 1 - (top + height) / SIZE)
    return mpl.patches.Rectangle(
        corner, width / SIZE, height / SIZE, transform=figure.transFigure, facecolor=colour, edgecolor="none"
    )


def _write(
    figure: Canvas, left: float, base: float, words: str, pixels: float, colour: str, weight: str = "normal",
    side: str = "left",
) -> None:  # fmt: skip
    figure.text(
        left / SIZE, 1 - base / SIZE, words, fontsize=pixels * POINT, color=colour, fontweight=weight, ha=side,
        va="baseline",
    )  # fmt: skip


def card_caption(view: KecamatanView) -> str:
    """What is sent with the card: finding, actions, and the picture in words for those who cannot see it."""
    facts = view.frame.facts
    lines = [
        f"{view.frame.title}, {view.frame.place} · edisi {facts.edition} ({facts.status}) · data per {facts.snapshot}"
    ]
    lines += ["DATA SINTETIS, bukan angka sebenarnya."] if facts.synthetic else []
    lines += [f"{view.headline.finding} {view.headline.comparison}".strip(), "", "Yang perlu dilakukan:"]
    lines += [
        f"{number(place)}. {action.sentence} ({'; '.join(filter(None, [action.agency, action.rupiah, action.detail]))})"
        for place, action in enumerate(view.actions, 1)
    ]
    spoken = "; ".join(_spoken(item) for item in _numbers(view))
    lines += ["", f"Teks pengganti gambar: kartu {view.frame.title}. {spoken}."]
    return "\n".join(lines) + "\n"


def _spoken(item: Indicator) -> str:
    figure = item.figure
    if not figure.shown:
        return f"{item.label}: {figure.why}"
    parts = [f"kisaran {figure.range}" if figure.has_range else "", item.word, "hati-hati" if figure.caution else ""]
    more = ", ".join(filter(None, parts))
    return f"{item.label}: {figure.text}" + (f" ({more})" if more else "")
