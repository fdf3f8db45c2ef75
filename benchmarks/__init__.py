"""What the project costs and how right it is, measured: each module is a command of its own."""

from importlib import import_module

# Before any of them loads numpy: linear algebra is on one thread then, as wherever the program runs.
import_module("kaur_analysis")
