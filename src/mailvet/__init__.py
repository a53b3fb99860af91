"""
mailvet verifies live mail deployments.
"""

__version__ = "0.1.0"
