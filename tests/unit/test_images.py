"""Images: what comes out is a plain JPEG or PNG that we have written, or one sentence."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hinterland import images
from hinterland.errors import InputError
from hinterland.images import decode

GPS = 0x8825
ORIENTATION = 0x0112


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def picture(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Return an image whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image


def exif() -> Image.Exif:
    """Return metadata that says where the image was taken, and that it lies on its side."""
    metadata = Image.Exif()
    metadata[ORIENTATION] = 6
    metadata[0x010F] = "CameraMaker"
    metadata.get_ifd(GPS).update({1: "N", 2: (12.0, 34.0, 56.0)})
    return metadata


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "picture.bin") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def opened(url: str) -> Image.Image:
    kind, content = images.parts(url)
    image = Image.open(io.BytesIO(content))
    assert kind == f"image/{(image.format or '').lower()}"
    assert image.mode == "RGB"
    image.load()
    return image


def decoded(data: bytes) -> Image.Image:
    """Return what the decoder makes of `data`, in this process: starting another takes longer."""
    return opened(images.data_url(*decode.decode(data)))


def claiming(width: int, height: int) -> bytes:
    """Return a small PNG file that says it is large."""
    claim = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + claim, b"IDAT" + zlib.compress(bytes(64))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def is_red(pixel: Any) -> bool:
    return bool(pixel[0] > 240 and pixel[1] < 15 and pixel[2] < 15)


def refusal(path: Path) -> str:
    """Return the sentence with which a file is refused; it comes with a hint."""
    with pytest.raises(InputError) as refused:
        images.load(path)
    assert refused.value.message.endswith(".")
    assert "\n" not in refused.value.message
    assert refused.value.hint
    return refused.value.message


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("GIF", {}),
        ("GIF", {"save_all": True, "append_images": [Image.new("RGB", (96, 64), "lime")]}),
        ("PNG", {"save_all": True, "append_images": [Image.new("RGB", (96, 64), "lime")]}),
        ("WEBP", {"save_all": True, "append_images": [Image.new("RGB", (96, 64), "lime")]}),
    ],
)
def test_each_format_gives_its_first_frame(form: str, options: dict[str, Any]) -> None:
    image = decoded(encoded(picture(), form, **options))
    assert image.size == (96, 64)
    assert is_red(image.getpixel((20, 32)))
    assert not is_red(image.getpixel((80, 32)))


def test_the_content_decides_and_not_the_name(file: Callable[..., Path]) -> None:
    found = images.load(file(encoded(picture(), "GIF"), "picture\x1b[2J.jpeg"))
    assert "\x1b" not in found.name
    assert found.name.endswith(".jpeg")
    assert found.file.endswith(".png")
    assert opened(found.url).size == (96, 64)


def test_a_photo_is_turned_upright_made_smaller_and_loses_its_metadata(
    file: Callable[..., Path],
) -> None:
    photo = encoded(picture((4000, 3000)), "JPEG", exif=exif(), quality=95, comment=b"secret")
    assert b"CameraMaker" in photo
    found = images.load(file(photo, "photo.jpg"))
    image = opened(found.url)
    assert image.size == (1152, 1536)  # 3:4: it was on its side
    assert is_red(image.getpixel((576, 100)))  # what was left is up
    assert not image.getexif()
    _, content = images.parts(found.url)
    assert b"Exif" not in content
    assert b"CameraMaker" not in content
    assert b"secret" not in content
    with_profile = encoded(picture(), "PNG", exif=exif(), icc_profile=b"profile of the screen")
    assert opened(images.load(file(with_profile)).url).info == {}


@pytest.mark.parametrize(
    ("image", "seen"),
    [
        (Image.new("RGBA", (40, 40), (255, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (40, 40), (255, 0, 0, 255)), (255, 0, 0)),
        (Image.new("LA", (40, 40), (0, 0)), (255, 255, 255)),
        (Image.new("L", (40, 40), 128), (128, 128, 128)),
        (Image.new("1", (40, 40), 1), (255, 255, 255)),
        (Image.new("I;16", (40, 40), 32768), (128, 128, 128)),
        (picture((40, 40)).convert("P"), (255, 0, 0)),
    ],
)
def test_every_kind_of_pixel_becomes_plain_colour_on_white(
    image: Image.Image, seen: tuple[int, int, int]
) -> None:
    assert decoded(encoded(image, "PNG")).getpixel((5, 5)) == seen


def test_cmyk_becomes_plain_colour() -> None:
    red = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    assert is_red(decoded(encoded(red, "JPEG", quality=95)).getpixel((5, 5)))


@pytest.mark.parametrize(
    ("size", "given_out"), [((1, 1), (28, 28)), ((1, 60_000), (28, 1536)), ((3000, 2), (1536, 28))]
)
def test_what_is_too_thin_for_an_encoder_stands_on_white(
    size: tuple[int, int], given_out: tuple[int, int]
) -> None:
    image = decoded(encoded(Image.new("RGB", size, "red"), "PNG"))
    assert image.size == given_out
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert is_red(image.getpixel(((image.width - 1) // 2, (image.height - 1) // 2)))


def test_a_drawing_stays_lossless_and_noise_does_not_grow() -> None:
    assert decode.decode(encoded(picture(), "PNG"))[0] == "image/png"
    noise = Image.frombytes("RGB", (900, 900), os.urandom(900 * 900 * 3))
    kind, content = decode.decode(encoded(noise, "PNG"))
    assert kind == "image/jpeg"
    assert len(content) < 1_500_000


REFUSED: dict[str, Callable[[], bytes]] = {
    "is empty": lambda: b"",
    "is not an image": lambda: b"hello",
    "is an SVG drawing": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "is a TIFF image": lambda: encoded(picture(), "TIFF"),
    "is a BMP image": lambda: encoded(picture(), "BMP"),
    "is a HEIC or AVIF image": lambda: b"\0\0\0\x18ftypheic\0\0\0\0",
    "is a PDF file: attach it with --file": lambda: b"%PDF-1.7 ...",
    "bin is broken and cannot be read.": lambda: encoded(picture((400, 400)), "JPEG")[:900],
    "is broken and cannot be read.": lambda: b"\x89PNG\r\n\x1a\nnothing",
    "60,000 × 60,000 pixels": lambda: claiming(60_000, 60_000),
    "at most 20 MB": lambda: bytes(20_000_001),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_no_image_of_ours_is_refused_in_one_sentence(
    file: Callable[..., Path], said: str
) -> None:
    assert said in refusal(file(REFUSED[said]()))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refusal(tmp_path / "pipe")
    assert "is a folder" in refusal(tmp_path)
    assert "there is no such file" in refusal(tmp_path / "none.png")


def test_a_decoder_that_hangs_or_crashes_takes_nothing_with_it(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = file(encoded(picture(), "PNG"))
    fake = tmp_path / "fake" / "PIL"
    fake.mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(fake.parent), prepend=os.pathsep)
    monkeypatch.setattr(images, "MOST_SECONDS", 1)
    (fake / "__init__.py").write_text("while True: pass")
    assert "takes longer than 1 s" in refusal(path)
    (fake / "__init__.py").write_text("import os\nos.abort()")
    assert "its reader crashed" in refusal(path)
    (fake / "__init__.py").write_text("hoard = bytearray(1 << 31)")
    assert "needs more than 1024 MB" in refusal(path)


SAMPLES = [
    encoded(picture(), "JPEG", exif=exif()),
    encoded(picture(), "PNG", exif=exif()),
    encoded(picture(), "WEBP"),
    encoded(picture(), "GIF", save_all=True, append_images=[Image.new("RGB", (96, 64))]),
]
mutations = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6)), max_size=6
)


def mutated(sample: bytes, changes: list[tuple[float, bytes]], kept: float) -> bytes:
    data = bytearray(sample)
    for place, new in changes:
        at = int(place * len(data))
        data[at : at + len(new)] = new
    return bytes(data[: int(len(data) * kept)])


@settings(max_examples=250)
@given(st.sampled_from(range(len(SAMPLES))), mutations, st.sampled_from([1.0, 1.0, 0.9, 0.5]))
def test_no_bytes_crash_the_decoder(
    sample: int, changes: list[tuple[float, bytes]], kept: float
) -> None:
    # In this process, where a crash of the decoder would end the tests.
    try:
        kind, content = decode.decode(mutated(SAMPLES[sample], changes, kept))
    except Exception:  # noqa: BLE001 - in the child all of it becomes one sentence
        return
    image = opened(images.data_url(kind, content))
    assert max(image.size) <= decode.LONGEST_SIDE


@settings(max_examples=6)
@given(st.sampled_from(range(len(SAMPLES))), mutations)
def test_any_bytes_give_an_image_or_an_input_error(
    sample: int, changes: list[tuple[float, bytes]]
) -> None:
    try:
        url = images.encoded_anew(mutated(SAMPLES[sample], changes, 1.0), "The image")
    except InputError:
        return
    opened(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/cat.png",
        "file:///etc/passwd",
        "aGVsbG8=",
        "data:image/png,abc",
        "data:text/plain;base64,aGVsbG8=",
        "data:image/png;base64,not base64!",
    ],
)
def test_only_images_in_data_urls_are_taken(url: str) -> None:
    with pytest.raises(InputError):
        images.parts(url)
