"""What the project costs and how right it is, measured: each module is a command of its own."""

import kaur_analysis  # noqa: F401  before numpy is loaded: linear algebra on one thread, as wherever the program runs
