"""The demo trust: invented people around today's date, made by walking the real services with earlier instants."""

from invictus_ap.services.demo.load import load_demo

__all__ = ["load_demo"]
