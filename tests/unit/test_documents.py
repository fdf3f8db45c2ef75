"""The site is complete, holds nothing from outside, and its reference pages are the program's own words."""

import importlib.util
import re
import subprocess
import sys

import pytest
import typer

from kaur_analysis.cli import app
from kaur_analysis.reference import read_yaml
from tests.shared import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("situs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def made():
    path = ROOT / "docs" / "hooks" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_site_loads_nothing_from_outside(site):
    outside = re.compile(r"""(?:<script[^>]*src|<link[^>]*href|<img[^>]*src)=["']?(?:https?:)?//[^"'> ]+""")
    found = {match for page in site.rglob("*.html") for match in outside.findall(page.read_text(encoding="utf-8"))}
    assert found == set()


def test_no_style_of_the_site_loads_from_outside(site):
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert len(styles) > 10_000 and re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", styles) == []


def test_every_link_of_the_site_leads_to_a_file(site):
    broken = set()
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its links are meant from the root of a server
            continue
        for link in re.findall(r'<a[^>]*href="([^"#]+)', page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", link) and not (page.parent / link).is_file():
                broken.add((page.name, link))
    assert broken == set()


def test_every_page_written_by_hand_is_in_the_navigation(site):
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) >= 12 and [page for page in pages if page not in text] == []


def test_every_made_page_is_in_the_navigation(made):
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in made.PAGES if page not in text] == []


def test_every_command_and_option_is_in_the_reference(made):
    text = made.commands()
    group = typer.main.get_command(app)
    words = [f"## kaur {name}\n" for name in group.commands if not hasattr(group.commands[name], "commands")]
    options = [parameter.opts[0] for command in group.commands.values() for parameter in command.params]
    wanted = words + [option for option in options if option.startswith("--") and option != "--help"]
    assert len(wanted) > 20 and [word for word in wanted if word not in text] == []


@pytest.mark.parametrize(
    ("page", "source"),
    [("rules", "intake/rules.yaml"), ("indicators", "reporting/glossary.yaml")],
)
def test_every_entry_of_the_package_is_in_its_reference(made, page, source):
    text = getattr(made, page)()
    assert [code for code in read_yaml(ROOT / "kaur_analysis" / source) if f"`{code}`" not in text] == []


def test_every_public_name_has_its_docstring_in_the_reference(made):
    text = made.doors()
    assert text.count("\n### ") > 100 and re.findall(r"```text\n\w+(?:\(.*\).*)?\n\n\n```", text) == []


def test_commands_in_the_documents_exist():
    group = typer.main.get_command(app)
    known = {"--help", "PERINTAH", *group.commands}
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    used = set(re.findall(r"^\s*(?:```)?\s*kaur ([a-z]+)", texts, re.MULTILINE))
    assert len(used) > 8 and used - known == set()
