"""What every notebook imports, with everything prepared that libraries prepare at their first use.

Worth its time where several pages are made; for a single one :mod:`kaur_analysis.pipeline.loaded` is ready sooner.
"""

from kaur_analysis.pipeline.loaded import quietly_interrupted, rehearse_picture, uncollected


def rehearse() -> None:
    """Make a page of nothing, so that what libraries prepare at their first use (templates, fonts) is prepared once."""
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    from kaur_analysis.pipeline.notebooks import page
    from kaur_analysis.reporting.actions import glossary, rule_table
    from kaur_analysis.reporting.html import compile_templates

    rehearse_picture()
    glossary()
    rule_table()
    compile_templates()
    output = new_output("display_data", {"text/html": "<p>latihan</p>"})
    page(new_notebook(cells=[new_code_cell("", outputs=[output])]), "latihan")


with quietly_interrupted(), uncollected():
    rehearse()
