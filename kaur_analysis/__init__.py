"""Poverty targeting analysis for Kabupaten Kaur."""

__version__ = "0.1.0"
