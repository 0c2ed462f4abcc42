"""Write matplotlib figures and Pillow images."""

from __future__ import annotations

import io
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, Written, always, is_a

#: The image modes that files with an extension can hold without a change of pixels.
_LOSSLESS = {".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}
_FOR_WEBP = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"}
_FOR_JPEG = {"1", "L", "RGB", "RGBX", "CMYK", "YCbCr"}


def _figure(value: object, ending: str) -> bytes:
    drawn: Any = value
    figure = drawn if is_a(value, "matplotlib.FigureBase") else drawn.figure
    if figure is None:
        raise BadRequest("The axes no longer belong to a figure.", hint="Publish a figure.")
    target = io.BytesIO()
    # A subfigure can't be saved separately.
    figure.figure.savefig(target, format=ending.removeprefix("."), bbox_inches="tight", dpi=150)
    return target.getvalue()


def _image(value: object, ending: str) -> Written:
    image: Any = value
    # To count, write or compare the frames goes through them, and drops what was drawn on one.
    place, current = image.tell(), image.copy()
    try:
        return _write_image(image, ending, place, current)
    finally:
        if image.tell() != place:
            image.seek(place)
        if image.tobytes() != current.tobytes():
            image.paste(current)


def _write_image(image: Any, ending: str, place: int, current: Any) -> Written:
    frames = getattr(image, "n_frames", 1)
    if ending in {".jpg", ".jpeg"}:
        return _jpeg(current, frames)
    if ending == ".webp" and current.mode not in _FOR_WEBP:
        raise _refused(current, ending, frames)
    options: dict[str, Any] = {"lossless": True, "exact": True} if ending == ".webp" else {}
    if frames == 1:
        written = _save(image, _LOSSLESS[ending], options)
        if not _holds(written, image):
            raise _refused(image, ending, frames)
        return Written(written)
    written = _save(image, _LOSSLESS[ending], {**options, "save_all": True})
    merged = _count_merged(written, image, place, current)
    if merged is None or (merged and "duration" not in image.info):
        raise _refused(current, ending, frames)
    if not merged:
        return Written(written)
    said = "1 frame equals" if merged == 1 else f"{merged:,} frames equal"
    return Written(written, f"{said} the previous one. Equal frames were merged.")


def _jpeg(image: Any, frames: int) -> Written:
    from PIL import Image

    notes = []
    if frames > 1:
        notes.append(f"The JPEG file only holds the current one of the picture's {frames} frames.")
    if image.mode not in _FOR_JPEG:
        if image.mode not in {"P", "PA", "LA", "La", "RGBA", "RGBa"}:
            raise _refused(image, ".jpg", frames)
        seen = image.convert("RGBA")
        if seen.getextrema()[3][0] < 255:
            notes.append("JPEG can't store transparency, so the picture has a white background.")
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
    """Tell whether an image file holds exactly the pixels of an image."""
    from PIL import Image

    with Image.open(io.BytesIO(written)) as read:
        return _is_same(read, image)


def _count_merged(written: bytes, image: Any, place: int, current: Any) -> int | None:
    """Return how many frames an image file lacks that equal the ones before; None if others differ.

    Parameters
    ----------
    written
        The image file.
    image
        The image of several frames.
    place
        The frame that it showed.
    current
        That frame, as it showed it.
    """
    from PIL import Image

    merged, last = 0, None
    with Image.open(io.BytesIO(written)) as read:
        next_, count = 0, getattr(read, "n_frames", 1)
        for number in range(image.n_frames):
            image.seek(number)
            frame = current if number == place else image
            if next_ < count:
                read.seek(next_)
            if next_ < count and _is_same(read, frame):
                next_, last = next_ + 1, read.copy()
            elif last is not None and _is_same(last, frame):
                merged += 1
            else:
                return None
        return merged if next_ == count else None


def _is_same(read: Any, image: Any) -> bool:
    from PIL import ImageChops

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


def _refused(image: Any, ending: str, frames: int) -> BadRequest:
    if frames > 1:
        return BadRequest(
            f"The {frames} frames of this picture (mode {image.mode}) can't be "
            f"written as {ending} without loss.",
            hint="Choose .png, or publish all of it as .npy:"
            " numpy.stack([numpy.asarray(each) for each in ImageSequence.Iterator(image)]).",
        )
    return BadRequest(
        f"This picture (mode {image.mode}) can't be written as {ending} without loss.",
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
