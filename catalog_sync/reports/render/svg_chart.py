"""Charts as SVG made on the server: no script, text that scales and prints, a description for screen readers."""

from __future__ import annotations

from html import escape

from catalog_sync.reports import russian
from catalog_sync.reports.model import Chart
from catalog_sync.reports.render.shared import clean, shortened
from catalog_sync.reports.render.xlsx_file import COLOURS

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 40, 112  # slanted names of schools, and the legend below them
TICKS = 5
LABEL_CHARS = 16


def _xml(text: str) -> str:
    return escape(clean(text))


def svg(chart: Chart) -> str:
    """An <svg> with a title, axes from zero, values above the bars where they fit, and a legend in words."""
    high = max((v for _, values in _stacks(chart) for v in values if v is not None), default=0) or 1
    step = _step(high)
    top = step * -(-high // step)
    parts = [*_grid(top, step), *(_lines(chart, top) if chart.kind == "line" else _bars(chart, top)), *_labels(chart)]
    parts += _legend(chart)
    title, summary = _xml(chart.title), _xml(describe(chart))
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="sans-serif" font-size="12"><title>{title}</title><desc>{summary}</desc>'
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{title}</text>'
        f'<text x="{LEFT}" y="33" fill="#555">{_xml(chart.unit)}</text>{"".join(parts)}</svg>'
    )


def describe(chart: Chart) -> str:
    """The chart in words: each series with its values."""
    lines = []
    for name, values in chart.series:
        pairs = [
            f"{category} {'нет данных' if value is None else _number(value)}"
            for category, value in zip(chart.categories, values, strict=True)
        ]
        lines.append(f"{name}: {', '.join(pairs)}" if name else ", ".join(pairs))
    return "; ".join(lines)


def _number(value: float) -> str:
    return russian.number(value, 0 if float(value).is_integer() else 1)


def _stacks(chart: Chart) -> list[tuple[str, tuple[float | None, ...]]]:
    if chart.kind != "stacked":
        return list(chart.series)
    sums = tuple(sum(values[i] or 0 for _, values in chart.series) for i in range(len(chart.categories)))
    return [("", sums)]


def _step(high: float) -> float:
    """A round step so that about five lines reach the highest value: 1, 2 or 5 times a power of ten."""
    rough, power = high / TICKS, 1.0
    while power * 10 <= rough:
        power *= 10
    while power > rough and power > 1:
        power /= 10
    return next((power * k for k in (1, 2, 5, 10) if power * k >= rough), power * 10)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)


def _slot(chart: Chart) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, len(chart.categories))


def _grid(top: float, step: float) -> list[str]:
    parts, value = [], 0.0
    while value <= top + step / 1000:
        y = _y(value, top)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#d0d0d0"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end" fill="#333">{_number(value)}</text>')
        value += step
    return parts


def _bars(chart: Chart, top: float) -> list[str]:
    parts, slot = [], _slot(chart)
    count = 1 if chart.kind == "stacked" else max(1, len(chart.series))
    width = slot * 0.76 / count
    for at in range(len(chart.categories)):
        floor = 0.0
        for number, (name, values) in enumerate(chart.series):
            value = values[at]
            if value is None:
                continue
            shift = 0 if chart.kind == "stacked" else number
            x = round(LEFT + slot * at + slot * 0.12 + width * shift, 1)
            y = _y(floor + value, top)
            height = round(_y(floor, top) - y, 1)
            colour = COLOURS[number % len(COLOURS)]
            what = _xml(f"{chart.categories[at]}{', ' + name if name else ''}: {_number(value)}")
            parts.append(
                f'<rect x="{x}" y="{y}" width="{width - 1:.1f}" height="{height}" fill="{colour}">'
                f"<title>{what}</title></rect>"
            )
            if chart.kind != "stacked" and width >= 8 * len(_number(value)) * 0.8:
                parts.append(f'<text x="{x + width / 2:.1f}" y="{y - 4}" text-anchor="middle">{_number(value)}</text>')
            floor += value if chart.kind == "stacked" else 0
    return parts


def _lines(chart: Chart, top: float) -> list[str]:
    parts, slot = [], _slot(chart)
    for number, (name, values) in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        points = [
            (round(LEFT + slot * (i + 0.5), 1), _y(value, top), value)
            for i, value in enumerate(values)
            if value is not None
        ]
        path = " ".join(f"{x},{y}" for x, y, _ in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        for x, y, value in points:
            what = _xml(f"{name} {_number(value)}")
            parts.append(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"><title>{what}</title></circle>')
    return parts


def _labels(chart: Chart) -> list[str]:
    slot = _slot(chart)
    many = slot < 8 * max((len(c) for c in chart.categories), default=0)
    parts = []
    for at, category in enumerate(chart.categories):
        x, y = round(LEFT + slot * (at + 0.5), 1), HEIGHT - BOTTOM + 16
        short = shortened(category, LABEL_CHARS)
        turn = f' text-anchor="end" transform="rotate(-35 {x} {y})"' if many else ' text-anchor="middle"'
        size = 9 if slot < 18 else 11
        parts.append(f'<text x="{x}" y="{y}" font-size="{size}"{turn}>{_xml(short)}</text>')
    return parts


def _legend(chart: Chart) -> list[str]:
    if len(chart.series) < 2:
        return []
    parts, x = [], float(LEFT)
    for number, (name, _) in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<rect x="{x:.0f}" y="{HEIGHT - 16}" width="11" height="11" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15:.0f}" y="{HEIGHT - 6}">{_xml(name)}</text>')
        x += 30 + 7.2 * len(name)
    return parts
