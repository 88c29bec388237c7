"""What must come back as it was: placeholders, tags, addresses, code, numbers with units."""

from __future__ import annotations

import re

from hinterland.plugins.translation.units import Parts

PROTECTED = re.compile(
    r"""(?:
      %%|%(?:\(\w+\)|\d+\$)?[-+\#0']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|q|j|z|t|L)?[diouxXeEfFgGaAcspn@]
    | \$?\{\{[^{}\n]*\}\} | \{%[^%\n]*%\} | [$\#%]?\{[^{}\s][^{}\n]*\} | \{\}
    | </?[A-Za-z][^<>\n]*> | &(?:[A-Za-z]\w*|\#\d+|\#x[0-9a-fA-F]+);
    | `[^`\n]+`
    | (?:https?|ftp|file|ssh|git|mailto)://?[^\s<>"]*[^\s<>".,;:!?)\]'] | www\.[^\s<>"]*[^\s<>".,;:!?)\]']
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | \d+(?:[.,]\d+)*[\u00a0\u202f ]?(?:mg|mcg|µg|μg|g|kg|mL|ml|dL|dl|L|l|mm|cm|m|km|kB|MB|GB|TB|KiB|MiB|GiB|°C|°F|mmHg|IU|%
      |s|ms|min|h|Hz|kHz|MHz|GHz|V|W|kW)(?!\w)
    )+""",
    re.VERBOSE,
)


def has_words(parts: Parts) -> bool:
    """Whether there are letters besides what is protected."""
    return any(
        isinstance(part, str) and any(each.isalpha() for each in PROTECTED.sub("", part))
        for part in parts
    )
