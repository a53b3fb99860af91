"""
What was observed, as frozen dataclasses of builtin types, and the pure parsers that read it.
"""
