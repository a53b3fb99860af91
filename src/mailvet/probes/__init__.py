"""
Code that talks to an endpoint or a host and returns facts; it never judges.
"""
