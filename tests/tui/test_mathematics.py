"""LaTeX as text a terminal can show; prices and code are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hinterland.tui.markdown import render
from hinterland.tui.mathematics import shown, shown_block
from hinterland.tui.pieces import Splitter, split

CONSOLE = Console(force_terminal=True, color_system="truecolor", _environ={})


def rendered(text: str, width: int = 60) -> str:
    rows = [strip.text for piece in split(text) for strip in render(piece, width, CONSOLE)]
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "(-b ± √(b²-4ac))/2a"),
        (r"\frac{1}{2} \cdot \frac{dy}{dx}", "½ ⋅ dy/dx"),
        (r"\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i"),
        (r"\int_0^\infty e^{-x^2} dx", "∫₀^∞ e^(-x²) dx"),
        (r"\sqrt[3]{x} \leq \alpha \beta", "∛x ≤ αβ"),
        (r"x \in \mathbb{R}^n", "x ∈ ℝⁿ"),
        (r"\text{speed} = 5 \text{ km/h}", "speed = 5 km/h"),
        (r"\lim_{x \to 0} \frac{\sin x}{x}", "lim_(x→0) (sin x)/x"),
        (r"90^\circ, H_2O, f'(x)", "90°, H₂O, f′(x)"),
        (r"\left( a \mid b \right) \foo{x}", r"( a ∣ b ) \foo{x}"),
        (r"\frac{a}{", "a"),
    ],
)
def test_a_line_of_mathematics(latex: str, text: str) -> None:
    assert shown(latex) == text


def test_matrices_and_cases_keep_their_shape() -> None:
    assert shown_block(r"A = \begin{pmatrix} a & b \\ c & d \end{pmatrix} = 1") == [
        "A = ⎛a  b⎞ = 1",
        "    ⎝c  d⎠",
    ]
    cases = shown_block(r"\begin{cases} 1 & x > 0 \\ 0 & x = 0 \\ -1 & \text{else} \end{cases}")
    assert cases == ["⎧1   x > 0", "⎨0   x = 0", "⎩-1  else"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (r"So \(x^2\), $x_1 = n$ and \[y^2\] hold.", "So x², x₁ = n and y² hold."),
        ("It costs $5 and $10, or $5-$10.", "It costs $5 and $10, or $5-$10."),
        ("$20 + $30 = $50, $HOME/x:$PATH", "$20 + $30 = $50, $HOME/x:$PATH"),
        (r"Code `$x^2$` \(see below\) \[1\]", "Code $x^2$ (see below) [1]"),
        ("```py\ns = '$x^2$'\n```", "  s = '$x^2$'"),
        ("$$\nx = 1\n\n- 3\n$$", "  x = 1 - 3"),
        ("1. First:\n   \\[ y^2 \\]\n2. So", " 1. First:\n      y²\n 2. So"),
        (r"Then \( a_{**} \) and **b**", "Then a_(**) and b"),
    ],
)
def test_mathematics_within_markdown(text: str, seen: str) -> None:
    assert rendered(text) == seen


PARTS = [*"\\{}^_&[]$()x \n", r"\frac", r"\sqrt", r"\begin{cases}", r"\end{cases}", r"\\"]


@given(st.lists(st.sampled_from(PARTS), max_size=60).map("".join))
def test_nothing_breaks_it(latex: str) -> None:
    assert "\n" not in shown(latex)
    shown_block(latex)
    rendered(f"${latex}$ \\({latex}\\)\n\n$${latex}$$")


def test_an_answer_being_written_does_not_show_half_of_its_marks() -> None:
    text = (
        "Let **x y** be \\( \\frac{1}{n^2} \\) in `co de` [a](http://x.y), *so* of\n"
        "- it\n- **em**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\\[\nx^2 = y\n\\]\nend\n\n---\n"
    )
    splitter = Splitter()
    for character in text:
        splitter.feed(character)
        piece = splitter.open()
        if piece is not None:
            seen = "\n".join(strip.text for strip in render(piece, 60, CONSOLE))
            assert not set(seen) & set("*`\\|#"), seen


@pytest.mark.parametrize("opening", [r"\frac{a}{", "{", r"\sqrt", "x^", r"\begin{pmatrix}"])
def test_deep_nesting_ends(opening: str) -> None:
    assert shown(opening * 1000)
