"""``python -m kaur_analysis`` is the same as ``kaur``."""

from kaur_analysis.cli import main

main()
