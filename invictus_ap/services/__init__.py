"""What the project does across all apps: the sweep that raises flags, and the demo trust."""

from invictus_ap.services.demo import load_demo
from invictus_ap.services.flags import sweep_flags

__all__ = ["load_demo", "sweep_flags"]
