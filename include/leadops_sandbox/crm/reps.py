"""The salespeople that a fresh CRM has."""

from typing import Any

#: Hours are local to `zone`; days are 1 (Monday) to 7; capacity is new leads a day.
_OFFICE = {"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"}


def _rep(
    number: int,
    name: str,
    *,
    regions: list[str],
    industries: list[str],
    languages: list[str],
    capacity: int,
    zone: str = "Asia/Tokyo",
    away: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    return {
        "id": f"rep-{number:02d}",
        "name": name,
        "regions": regions,
        "industries": industries,
        "languages": languages,
        "capacity_per_day": capacity,
        "working_hours": _OFFICE,
        "zone": zone,
        "away": away or [],
    }


FIRST_REPS: tuple[dict[str, Any], ...] = (
    _rep(1, "Aoi Tanaka", regions=["Kanto"], industries=["software", "finance"],
         languages=["ja", "en"], capacity=12),
    _rep(2, "Ren Suzuki", regions=["Kansai"], industries=["manufacturing"], languages=["ja"], capacity=10),
    _rep(3, "Yui Sato", regions=["Kanto", "Tohoku"], industries=["retail", "healthcare"],
         languages=["ja"], capacity=10),
    _rep(4, "Haruto Ito", regions=["Kyushu", "Chugoku"], industries=["logistics", "manufacturing"],
         languages=["ja", "ko"], capacity=8, away=[{"from": "2026-12-28", "to": "2027-01-05"}]),
    _rep(5, "Maria Fischer", regions=["EMEA"], industries=["software", "manufacturing"],
         languages=["de", "en"], capacity=8, zone="Europe/Berlin"),
    _rep(6, "James Lee", regions=["APAC"], industries=["finance", "software"],
         languages=["en", "zh"], capacity=10, zone="Asia/Singapore"),
)  # fmt: skip
