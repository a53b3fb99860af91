"""
Real mail servers in containers: start them, break them on purpose, put them back.

Standard library only: the lab must work before anything is installed, and knows nothing of checks.
"""
