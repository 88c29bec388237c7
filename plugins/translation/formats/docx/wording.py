"""What a paragraph and its runs say about the language: its direction, and its name.

Word needs both: without them Arabic ends up on the wrong side, and a spelling checker and a screen
reader take French for English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hinterland.plugins.languages import find
from hinterland.plugins.translation.formats.docx.shapes import Property

# The order of properties, by the schema of ECMA-376-1 (17.3.1.26, 17.3.2.28).
_FROM_BIDI = (
    "bidi adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc "
    "textDirection textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange"
)
_IN_A_RUN = (
    "ins del moveFrom moveTo rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline "
    "shadow emboss imprint noProof snapToGrid vanish webHidden color spacing w kern position sz "
    "szCs highlight u effect bdr shd fitText vertAlign rtl cs em lang eastAsianLayout specVanish "
    "oMath"
)
_AFTER_BIDI = frozenset(_FROM_BIDI.split())
_RUN_ORDER = _IN_A_RUN.split()
_EAST_ASIAN = frozenset({"zh", "ja", "ko", "yue"})
_COMPLEX = {"b": "bCs", "i": "iCs", "sz": "szCs"}
"""In right-to-left text Word looks at the second one of each."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The language that is translated into; an empty code changes nothing."""

    code: str
    rtl: bool

    @classmethod
    def of(cls, code: str) -> Wording:
        return cls(code, bool(code) and find(code).rtl)

    def paragraph(self, xml: bytes, properties: list[Property], prefix: bytes) -> bytes | None:
        """Return the properties of a paragraph for the language; None if they need no change.

        `xml` holds all of them, or nothing; the spans of `properties` count from its beginning.
        """
        bidi = next((each for each in properties if each.name == "bidi"), None)
        if not self.code or (bidi is None and not self.rtl):
            return None
        if bidi is not None:
            xml = xml[: bidi.span[0]] + xml[bidi.span[1] :]
        if not self.rtl:
            return xml
        element = b"<%sbidi/>" % prefix
        later = [each.span[0] for each in properties if each.name in _AFTER_BIDI]
        if bidi is not None:
            at = bidi.span[0]
        elif later:
            at = min(later)
        elif not properties:
            return b"<%spPr>%s</%spPr>" % (prefix, element, prefix)
        else:
            at = xml.rindex(b"</")
        return xml[:at] + element + xml[at:]

    def run(self, elements: list[tuple[str, bytes]], prefix: bytes) -> list[tuple[str, bytes]]:
        """Return the properties of a run for the language, each with its XML."""
        if not self.code:
            return elements
        kept = [each for each in elements if each[0] not in {"rtl", "lang"}]
        names = {name for name, _xml in kept}
        if self.rtl:
            for name, xml in elements:
                if name in _COMPLEX and _COMPLEX[name] not in names:
                    complex_name = _COMPLEX[name].encode()
                    start = re.escape(prefix + name.encode())
                    twin = re.sub(rb"(</?)" + start + rb"\b", rb"\1" + prefix + complex_name, xml)
                    kept.append((_COMPLEX[name], twin))
            kept.append(("rtl", b"<%srtl/>" % prefix))
        kind = "bidi" if self.rtl else "val"
        if self.code.partition("-")[0] in _EAST_ASIAN:
            kind = "eastAsia"
        if not prefix:  # an attribute of Word's would need one
            return sorted(kept, key=lambda each: _place(each[0]))
        lang = b'<%slang %s%s="%s"/>' % (prefix, prefix, kind.encode(), self.code.encode())
        kept.append(("lang", lang))
        return sorted(kept, key=lambda each: _place(each[0]))


def _place(name: str) -> int:
    return _RUN_ORDER.index(name) if name in _RUN_ORDER else len(_RUN_ORDER)
