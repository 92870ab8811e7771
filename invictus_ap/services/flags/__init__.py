"""The sweep that records what is due."""

from invictus_ap.services.flags.sweep import CHUNK, PARTS, Place, Swept, sweep_flags, sweep_until

__all__ = ["CHUNK", "PARTS", "Place", "Swept", "sweep_flags", "sweep_until"]
