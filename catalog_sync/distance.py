"""Where a library stands, as people copy it from a map («55.7558, 37.6176»), and how far it is to another."""

from __future__ import annotations

import math
import re

EARTH_KM = 6371.0  # mean radius (IUGG); a district is small enough for a sphere
_PAIR = re.compile(r"(-?\d{1,2}(?:[.,]\d+)?)°?\s*[,;\s]\s*(-?\d{1,3}(?:[.,]\d+)?)°?")

Point = tuple[float, float]  # latitude, longitude in degrees


def point(text: str) -> Point | None:
    """Coordinates as typed; None for an empty text. Raises ValueError in Russian for what is no place on Earth."""
    if not text.strip():
        return None
    found = _PAIR.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"ожидались широта и долгота, например 55.7558, 37.6176, пришло {text.strip()!r}")
    latitude, longitude = (float(part.replace(",", ".")) for part in found.groups())
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError(f"широта бывает до 90, долгота до 180 градусов, пришло {text.strip()!r}")
    return latitude, longitude


def kilometres(one: Point, other: Point) -> float:
    """Great-circle distance (haversine): the road is longer, the order of neighbours is seldom another."""
    lat1, lon1, lat2, lon2 = (math.radians(value) for value in (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))
