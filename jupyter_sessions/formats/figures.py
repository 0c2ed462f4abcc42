"""Figures of matplotlib and images of Pillow."""

from __future__ import annotations

import io
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, Written, always, is_a

#: The modes that a file of this ending holds as they are, or in a mode with the same pixels.
_LOSSLESS = {".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}
_FOR_WEBP = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"}
_FOR_JPEG = {"1", "L", "RGB", "RGBX", "CMYK", "YCbCr"}


def _figure(value: object, ending: str) -> bytes:
    drawn: Any = value
    figure = drawn if is_a(value, "matplotlib.FigureBase") else drawn.figure
    if figure is None:
        raise BadRequest("The axes belong to no figure any more.", hint="Publish a figure.")
    target = io.BytesIO()
    # A figure within a figure can't be saved by itself.
    figure.figure.savefig(target, format=ending.removeprefix("."), bbox_inches="tight", dpi=150)
    return target.getvalue()


def _image(value: object, ending: str) -> Written:
    image: Any = value
    if ending in {".jpg", ".jpeg"}:
        return _jpeg(image)
    if ending == ".webp" and image.mode not in _FOR_WEBP:
        raise _refused(image, ending)
    options: dict[str, Any] = {"lossless": True, "exact": True} if ending == ".webp" else {}
    if getattr(image, "n_frames", 1) > 1:
        options["save_all"] = True
    written = _save(image, _LOSSLESS[ending], options)
    if not _holds(written, image):
        raise _refused(image, ending)
    return Written(written)


def _jpeg(image: Any) -> Written:
    from PIL import Image

    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"JPEG holds the current of the picture's {image.n_frames} frames only.")
    if image.mode not in _FOR_JPEG:
        if image.mode not in {"P", "PA", "LA", "La", "RGBA", "RGBa"}:
            raise _refused(image, ".jpg")
        seen = image.convert("RGBA")
        if seen.getextrema()[3][0] < 255:
            notes.append("JPEG holds no transparency: the picture stands on white.")
            ground = Image.new("RGBA", seen.size, "white")
            seen = Image.alpha_composite(ground, seen)
        image = seen.convert("RGB")
    return Written(_save(image, "JPEG", {"quality": 95}), " ".join(notes))


def _save(image: Any, format_: str, options: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    for name in ("exif", "icc_profile"):
        described = image.getexif().tobytes() if name == "exif" else image.info.get(name)
        if described and (name != "exif" or len(image.getexif())) and format_ != "GIF":
            options[name] = described
    image.save(target, format=format_, **options)
    return target.getvalue()


def _holds(written: bytes, image: Any) -> bool:
    """Tell whether an image file holds the very pixels of an image."""
    from PIL import Image, ImageChops

    with Image.open(io.BytesIO(written)) as read:
        if getattr(image, "n_frames", 1) > 1:
            return bool(getattr(read, "n_frames", 1) > 1)
        if read.size != image.size:
            return False
        if read.mode == image.mode and read.mode != "P":
            return bool(read.tobytes() == image.tobytes())
        if image.mode == "I" and read.mode.startswith("I;16"):
            return bool(read.convert("I").tobytes() == image.tobytes())
        if image.mode.startswith("I;16") and read.mode.startswith("I"):
            return bool(read.convert("I").tobytes() == image.convert("I").tobytes())
        if image.mode not in _FOR_WEBP:
            return False
        kept, had = read.convert("RGBA"), image.convert("RGBA")
        return ImageChops.difference(kept, had).getbbox(alpha_only=False) is None


def _refused(image: Any, ending: str) -> BadRequest:
    return BadRequest(
        f"This picture (mode {image.mode}) can't be written as {ending} without a loss.",
        hint='Choose .png, or say what may be lost: image.convert("RGB"), image.quantize();'
        " numpy.asarray(image) keeps all of it as .npy.",
    )


FORMATS = (
    Format(
        "A figure",
        always(".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp"),
        lambda value: is_a(value, "matplotlib.FigureBase", "matplotlib.Axes"),
        _figure,
    ),
    Format(
        "An image",
        always(".png", ".jpg", ".jpeg", ".webp", ".gif"),
        lambda value: is_a(value, "PIL.Image"),
        _image,
    ),
)
