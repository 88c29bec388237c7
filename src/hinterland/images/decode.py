"""The decoding of images, in a confined child process. The only importer of Pillow."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from hinterland.confined import UnreadableError

MOST_PIXELS = 40_000_000
"""Width times height that is decoded: a small file can claim any size."""
LONGEST_SIDE = 1536
"""Pixels; more than that models cut into tiles or throw away, and every token of it costs."""
SHORTEST_SIDE = 28
"""Pixels: one patch of the coarsest encoders. Smaller images stand on white."""
LARGEST_LOSSLESS = 1_000_000
"""Bytes up to which drawings and screenshots stay PNG."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_DRAWN = {"PNG", "GIF"}


def decode(data: bytes) -> tuple[str, bytes]:
    """Return media type and content of the image in `data`, encoded anew; of several frames the
    first. Raises UnreadableError, and whatever Pillow makes of a broken one."""
    Image.MAX_IMAGE_PIXELS = None  # ours is stricter, and says so in our words
    try:
        opened = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise UnreadableError(
            "is broken and cannot be read", "Open it in another program and save it anew."
        ) from error
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise UnreadableError(
            f"has {width:,} × {height:,} pixels; at most {MOST_PIXELS // 10**6} million can be read",
            "Make it smaller first.",
        )
    drawn = opened.format in _DRAWN
    orientation = _orientation(opened)
    opened.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is decoded small at once
    opened.load()
    image = _on_white(opened)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
    if orientation is not None:
        image = image.transpose(orientation)
    image = _padded(image)
    # Into a fresh image, which has no metadata: neither the place nor the camera go anywhere.
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    return _encoded(clean, drawn=drawn)


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """Return how to turn the image upright, as its EXIF data says."""
    turn = Image.Transpose
    ways = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    try:
        return ways.get(image.getexif().get(0x0112, 1))
    except Exception:  # noqa: BLE001 - broken metadata raises anything, and is no broken image
        return None


def _on_white(image: Image.Image) -> Image.Image:
    """Return the image in RGB, transparency on white."""
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel; conversion would cut, not scale
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, with_alpha)
    return image.convert("RGB")


def _padded(image: Image.Image) -> Image.Image:
    width, height = image.size
    if min(width, height) >= SHORTEST_SIDE:
        return image
    size = max(width, SHORTEST_SIDE), max(height, SHORTEST_SIDE)
    white = Image.new("RGB", size, "white")
    white.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return white


def _encoded(image: Image.Image, *, drawn: bool) -> tuple[str, bytes]:
    if drawn:
        lossless = BytesIO()
        image.save(lossless, "PNG")
        if lossless.tell() <= LARGEST_LOSSLESS:
            return "image/png", lossless.getvalue()
    lossy = BytesIO()
    image.save(lossy, "JPEG", quality=90)
    return "image/jpeg", lossy.getvalue()
