"""Makes a text with codes of a paragraph's tokens.

Runs that look the same are one text, however often a word processor cut them; the look of most
characters needs no code, another one is a pair of codes; things side by side are one code; what
stands at the ends of the paragraph is no part of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hinterland.confined import UnreadableError
from hinterland.plugins.translation.formats.docx.shapes import Item, Paragraph, Piece, Run
from hinterland.plugins.translation.formats.docx.tokens import Mark, Raw, Token, What
from hinterland.plugins.translation.units import Code, Kind

_DEEPEST = 100
_SEEN_ON_SPACES = frozenset(
    {"u", "strike", "dstrike", "highlight", "shd", "bdr", "rStyle", "em", "rPrChange", "ins"}
)
_NAMED_LOOKS = ("b", "i", "u", "strike", "vertAlign", "highlight", "color")


class _Text:
    __slots__ = ("items", "run", "text")

    def __init__(self, run: int, text: str, items: list[Item]) -> None:
        self.run = run
        self.text = text
        self.items = items


class _Sign:
    __slots__ = ("is_space", "items", "label", "mark")

    def __init__(self, items: list[Item], label: str, *, is_space: bool = False) -> None:
        self.items = items
        self.label = label
        self.is_space = is_space
        self.mark: Mark | None = None


class _Wrap:
    __slots__ = ("children", "closing", "label", "opening")

    def __init__(self, opening: list[Item], label: str) -> None:
        self.opening = opening
        self.closing: list[Item] = []
        self.label = label
        self.children: list[_Node] = []


_Node = _Text | _Sign | _Wrap


def lay_out(raw: Raw, runs: Sequence[Run]) -> Paragraph | None:
    """Return a paragraph, or None where it has no words; raises UnreadableError."""
    if not any(token.is_words and any(map(str.isalpha, token.text)) for token in raw.tokens):
        return None
    nodes = _tree(raw.tokens, runs)
    head = [_item(token) for token in raw.tokens if token.what is What.ASIDE]
    tail: list[Item] = []
    nodes = _trimmed(nodes, head, tail)
    coder = _Coder(runs)
    run = coder.encode(nodes)
    return Paragraph(
        span=raw.span,
        parts=tuple(coder.parts),
        pieces=coder.pieces,
        run=run,
        head=head,
        tail=tail,
        number=raw.number,
        properties=raw.properties,
        properties_span=raw.properties_span,
    )


def _item(token: Token) -> Item:
    return Item(token.run, (token.start, token.end))


def _tree(tokens: Sequence[Token], runs: Sequence[Run]) -> list[_Node]:
    """Return what stands in a paragraph, with its enclosing elements and fields as branches."""
    open_wraps = [_Wrap([], "")]
    for token in tokens:
        children = open_wraps[-1].children
        if token.what is What.OPEN:
            if len(open_wraps) > _DEEPEST:
                raise UnreadableError("is nested too deeply", "Save it anew in a word processor.")
            open_wraps.append(_Wrap([_item(token)], token.label))
        elif token.what is What.CLOSE:
            wrap = open_wraps.pop()
            wrap.closing = [_item(token)]
            wrap.children = _with_fields(wrap.children)
            open_wraps[-1].children.append(_collapsed(wrap))
        elif token.is_words and not _is_index(token, runs):
            children.append(_Text(token.run, token.text, [_item(token)]))
        elif token.what is not What.ASIDE:
            sign = _Sign([_item(token)], token.label or "text", is_space=token.is_space)
            sign.mark = token.mark
            children.append(sign)
    if len(open_wraps) > 1:
        raise UnreadableError("is broken", "Open it in a word processor and save it anew.")
    return _with_fields(open_wraps[0].children)


def _is_index(token: Token, runs: Sequence[Run]) -> bool:
    """Return whether a text is a raised or lowered number, which needs no translator: H₂O, m²."""
    raised = any(each.name == "vertAlign" for each in runs[token.run].properties)
    return raised and bool(token.text.strip()) and not any(map(str.isalpha, token.text))


def _with_fields(nodes: list[_Node]) -> list[_Node]:
    """Return the nodes with each field that is text of the author's as one branch."""
    found: list[_Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        at += 1
        if isinstance(node, _Sign) and node.mark is not None and node.mark[1] == "begin":
            field = node.mark[0]
            marks = {
                other.mark[1]: place
                for place, other in enumerate(nodes[at:], at)
                if isinstance(other, _Sign) and other.mark is not None and other.mark[0] is field
            }
            middle, last = marks.get("separate", -1), marks.get("end", -1)
            opening = nodes[at - 1 : middle + 1]
            if field.is_text and at <= middle < last and all(isinstance(x, _Sign) for x in opening):
                wrap = _Wrap([item for sign in opening for item in _items(sign)], "hyperlink")
                wrap.children = _with_fields(nodes[middle + 1 : last])
                wrap.closing = _items(nodes[last])
                found.append(_collapsed(wrap))
                at = last + 1
                continue
        found.append(node)
    return found


def _items(node: _Node) -> list[Item]:
    if isinstance(node, _Wrap):
        inner = [item for child in node.children for item in _items(child)]
        return [*node.opening, *inner, *node.closing]
    return node.items


def _texts(nodes: Sequence[_Node]) -> Iterator[_Text]:
    for node in nodes:
        if isinstance(node, _Text):
            yield node
        elif isinstance(node, _Wrap):
            yield from _texts(node.children)


def _collapsed(wrap: _Wrap) -> _Wrap | _Sign:
    """Return a branch without words as one thing."""
    text = "".join(text.text for text in _texts(wrap.children))
    if text.strip():
        return wrap
    return _Sign(_items(wrap), wrap.label, is_space=bool(text))


def _trimmed(nodes: list[_Node], head: list[Item], tail: list[Item]) -> list[_Node]:
    """Return the nodes without what stands at the ends, which goes to `head` and `tail`."""
    while True:
        if _is_edge(nodes[0]):
            head += _items(nodes[0])
            nodes = nodes[1:]
        elif _is_edge(nodes[-1]):
            tail[:0] = _items(nodes[-1])
            nodes = nodes[:-1]
        elif len(nodes) == 1 and isinstance(wrap := nodes[0], _Wrap):
            head += wrap.opening
            tail[:0] = wrap.closing
            nodes = wrap.children
        else:
            return nodes


def _is_edge(node: _Node) -> bool:
    return isinstance(node, _Sign) or (isinstance(node, _Text) and not node.text.strip())


class _Coder:
    """Writes nodes as parts, and notes what each code stands for."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.parts: list[str | Code] = []
        self.pieces: list[Piece] = []
        self._runs = runs
        self._pairs = 0
        self._alone = 0

    def encode(self, nodes: Sequence[_Node]) -> int:
        """Write nodes, and return the run of text between them that has no code of its own."""
        nodes = self._joined(nodes)
        run = self._most_common(nodes)
        self._write(nodes, run)
        return run

    def _write(self, nodes: Sequence[_Node], run: int) -> None:
        at = 0
        while at < len(nodes):
            node = nodes[at]
            at += 1
            if isinstance(node, _Sign):
                self._alone += 1
                source = f"{node.label}{self._alone}"
                self.parts.append(Code(source, is_space=node.is_space))
                self.pieces.append(Piece(node.items))
            elif isinstance(node, _Wrap):
                place = self._open(node.label, Piece(node.opening))
                pair = self._pairs
                inner = self.encode(node.children)
                self.pieces[place] = Piece(node.opening, inner)
                self._close(node.label, pair, node.closing)
            elif self._look(node) == self._runs[run].look:
                self.parts.append(node.text)
            else:
                last = at
                for after in range(at, len(nodes)):
                    following = nodes[after]
                    if isinstance(following, _Wrap):
                        break
                    if isinstance(following, _Text):
                        if self._look(following) != self._look(node):
                            break
                        last = after + 1
                label = self._named(node.run)
                self._open(label, Piece([], node.run))
                pair = self._pairs
                self._write(nodes[at - 1 : last], node.run)
                self._close(label, pair, [])
                at = last

    def _open(self, label: str, piece: Piece) -> int:
        self._pairs += 1
        self.parts.append(Code(label, Kind.OPEN, self._pairs))
        self.pieces.append(piece)
        return len(self.pieces) - 1

    def _close(self, label: str, pair: int, items: list[Item]) -> None:
        self.parts.append(Code(f"/{label}", Kind.CLOSE, pair))
        self.pieces.append(Piece(items))

    def _look(self, text: _Text) -> str:
        return self._runs[text.run].look

    def _named(self, run: int) -> str:
        names = {each.name for each in self._runs[run].properties}
        return ",".join(name for name in _NAMED_LOOKS if name in names) or "run"

    def _most_common(self, nodes: Sequence[_Node]) -> int:
        direct = [node for node in nodes if isinstance(node, _Text)]
        if not direct:
            return next(_texts(nodes)).run
        counts: Counter[str] = Counter()
        for text in direct:
            counts[self._look(text)] += len(text.text)
        look = counts.most_common(1)[0][0]
        return next(text.run for text in direct if self._look(text) == look)

    def _joined(self, nodes: Sequence[_Node]) -> list[_Node]:
        """Return the nodes with neighbours of one kind joined."""
        joined: list[_Node] = []
        for node in nodes:
            before = joined[-1] if joined else None
            if isinstance(node, _Sign) and isinstance(before, _Sign):
                before.items = before.items + node.items
                before.is_space |= node.is_space
            elif (
                isinstance(node, _Text) and isinstance(before, _Text) and self._alike(before, node)
            ):
                run = node.run if not before.text.strip() else before.run
                joined[-1] = _Text(run, before.text + node.text, before.items + node.items)
            elif not isinstance(node, _Text) or node.text:
                joined.append(node)
        return joined

    def _alike(self, one: _Text, other: _Text) -> bool:
        """Return whether two texts look the same, or nobody can see that they do not."""
        if self._look(one) == self._look(other):
            return True
        if one.text.strip() and other.text.strip():
            return False
        names = {each.name for text in (one, other) for each in self._runs[text.run].properties}
        return not names & _SEEN_ON_SPACES
