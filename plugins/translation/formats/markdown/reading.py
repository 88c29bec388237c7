"""markdown-it with places: which part of a paragraph each piece of inline mark-up was written as.

The library says in which lines a block is, but not where in them an emphasis begins; here its
inline rules are watched while they run, so that nothing has to be guessed or written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

SPAN = "span"
"""In `Token.meta`: where the token begins and ends in the text of its block."""

_KEPT = re.compile(
    r"""
    \{\{.*?\}\} | \{%.*?%\} | <%.*?%>       # templates: Jinja, Liquid, Hugo, ERB
    | \{[#.:][^{}\n]*\}                     # attributes: {#name .class}
    | \{[a-z][a-z0-9:_+-]*\}(?=`)           # MyST roles
    | (?<![\w:]):[a-z+-][a-z0-9_+-]*:(?!\w) # :tada:
    | \[\[[^\[\]\n]+\]\]                    # wiki links, [[_TOC_]]
    | \\\\\(.*?\\\\\) | \\\\\[.*?\\\\\]     # mathematics for MathJax
    """,
    re.DOTALL | re.VERBOSE,
)


class _Watched(ParserInline):
    """The parser of inline mark-up, which notes where each token was."""

    _label_end = 0

    def tokenize(self, state: StateInline) -> None:
        """Generate tokens for the input, as the parser it derives from does, with their places."""
        rules = self.ruler.getRules("")
        end = state.posMax
        deepest = state.md.options["maxNesting"]
        while state.pos < end:
            begin, pending, count = state.pos, state.pending, len(state.tokens)
            if state.level < deepest and any(rule(state, False) for rule in rules):
                if len(state.tokens) > count:
                    self._note(state, state.tokens[count:], begin, pending)
                continue
            state.append_pending(state.src[state.pos])
            state.pos += 1
        if state.pending:
            state.pushPending()
        self._label_end = end

    def _note(self, state: StateInline, new: list[Token], begin: int, pending: str) -> None:
        if pending and new[0].type == "text" and pending.startswith(new[0].content):
            # Rules for line ends and bare addresses take back what was plain text until then.
            begin -= len(pending) - len(new[0].content)
            new = new[1:]
        elif pending:
            begin -= len(pending)
        fresh = [token for token in new if SPAN not in token.meta]
        for token in fresh:
            token.meta[SPAN] = (begin, state.pos)
        if fresh and fresh[0].type == "link_open" and fresh[0].markup != "autolink":
            fresh[0].meta[SPAN] = (begin, begin + 1)
            fresh[-1].meta[SPAN] = (self._label_end, state.pos)


def _kept(state: StateInline, silent: bool) -> bool:
    """An inline rule: what other tools than Markdown read is taken over."""
    if state.src[state.pos] not in "{<:[\\":
        return False
    found = _KEPT.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("kept", "", 0).content = found[0]
    state.pos = found.end()
    return True


@cache
def parser() -> MarkdownIt:
    """Return the parser of the Markdown that people write: CommonMark, GitHub's, and notes."""
    md = MarkdownIt("commonmark", {"maxNesting": 60})
    md.inline = _Watched()
    md.configure("commonmark", {"maxNesting": 60})
    md.enable(["table", "strikethrough"])
    md.inline.ruler.before("escape", "kept", _kept)
    md.inline.ruler2.disable("fragments_join")
    md.use(footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
    md.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    md.use(amsmath_plugin)
    md.use(deflist_plugin)
    md.use(admon_plugin)
    md.use(gfm_autolink_plugin)
    return md


def top_blocks(text: str, env: EnvType) -> Iterator[list[Token]]:
    """Yield the tokens of one outermost block after the other, inline text not yet read.

    The library gives those of a whole document at once, which for a large one are all of a box's
    memory.
    """
    md = parser()
    state = StateBlock(text, md, env, [])
    rules = md.block.ruler.getRules("")
    line = 0
    while (line := state.skipEmptyLines(line)) < state.lineMax:
        state.line = line
        state.tokens = []
        if not any(rule(state, line, state.lineMax, False) for rule in rules):
            raise RuntimeError("a line of Markdown is at least a paragraph")
        line = state.line
        yield state.tokens


def inline_tokens(text: str, env: EnvType) -> list[Token]:
    """Return the tokens inside a block's text, with their places."""
    md = parser()
    return md.inline.parse(text, md, env, [])
