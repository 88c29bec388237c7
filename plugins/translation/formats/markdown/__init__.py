"""Markdown: its units are what is read in paragraphs, headings, list items and table cells.

Code, HTML, mathematics, front matter, link targets and definitions stay as they are.
"""

from hinterland.plugins.translation.formats.markdown.document import open_document

__all__ = ["open_document"]
