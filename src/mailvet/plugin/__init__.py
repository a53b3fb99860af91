"""
The pytest side of mailvet.
"""

from mailvet.plugin.marker import control

__all__ = ["control"]
