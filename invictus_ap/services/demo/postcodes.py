"""Points of the invented postcodes of the demo, so that the finder shows distances."""

from trust.services import load_postcodes

# The districts of the demo lie on a ring around an invented town centre; nobody lives in ZZ.
_CENTRE = (53.40, -1.30)
_RING = ((0.02, 0.03), (0.05, -0.02), (-0.03, 0.06), (-0.06, -0.04), (0.01, 0.09), (0.08, 0.04), (-0.02, -0.09))
_SECTORS = ("1AA", "4CC", "4CD", *(f"{number}BB" for number in range(1, 10)))
_DISTRICTS = 20


def make_postcodes() -> None:
    """Load a point for every postcode that the demo gives to a home, a school or a site."""
    lines = ["postcode,latitude,longitude"]
    for district in range(1, _DISTRICTS):
        north, east = _RING[district % len(_RING)]
        reach = 1 + district / 10
        for number, sector in enumerate(_SECTORS):
            latitude = _CENTRE[0] + north * reach + number * 0.002
            longitude = _CENTRE[1] + east * reach - number * 0.003
            lines.append(f"ZZ{district} {sector},{latitude:.6f},{longitude:.6f}")
    load_postcodes(lines)
