"""Reads a page as a browser would: what stands where, and whether it is well formed."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr", "path", "use", "rect", "circle"}


class Reader(HTMLParser):
    """Headings, tables, ids, addresses and visible text of a page, and whether its tags close."""

    def __init__(self, html):
        super().__init__()
        self.headings, self.tables, self.cells, self.ids, self.addresses = [], [], [], [], []
        self.attributes, self.text, self.own_words, self.open, self.errors, self.tags = {}, "", "", [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.attributes.setdefault(tag, given)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.tables.append({"caption": False, "columns": 0})
        if tag == "caption":
            self.tables[-1]["caption"] = True
        if tag == "th":
            self.cells.append(given.get("scope"))
            if "thead" in self.open:
                self.tables[-1]["columns"] += 1
        if "id" in given:
            self.ids.append(given["id"])
        self.addresses += [given[name] for name in ("href", "src", "action", "data", "poster") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data
            self.own_words += "" if "cite" in self.open else data
