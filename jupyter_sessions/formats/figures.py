"""Write matplotlib figures and Pillow images."""

from __future__ import annotations

import io
from array import array
from dataclasses import dataclass
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, Written, always, is_a, join_notes, list_some

#: The image modes that files with an extension can hold without a change of pixels.
_LOSSLESS = {".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}
_FOR_WEBP = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"}
_FOR_JPEG = {"1", "L", "RGB", "RGBX", "CMYK", "YCbCr"}


#: The colours of a GIF's palette.
_MOST_COLOURS = 256
#: The note where a file does not hold the colours of transparent pixels.
_HIDDEN = "GIF holds no colours of transparent pixels."


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
        if _holds(written, image):
            return Written(written, _explain(written, image))
        if ending == ".gif" and (indexed := _index_colours(image)) is not None:
            written = _save(indexed, "GIF", options)
            if _holds(written, indexed):
                hidden = "" if _is_same(indexed, image) else _HIDDEN
                return Written(written, join_notes(hidden, _explain(written, image)))
        raise _refused(image, ending, frames)
    options |= {"save_all": True}
    if any(durations := _read_durations(image, frames)):
        # The WebP writer gives all frames the duration of the current one.
        options["duration"] = [round(each) for each in durations]
    written = _save(image, _LOSSLESS[ending], options)
    found = _compare_frames(written, image, place, current)
    if found is None or (found.merged and not found.timed):
        raise _refused(current, ending, frames)
    notes = []
    if found.merged:
        said = "1 frame equals" if found.merged == 1 else f"{found.merged:,} frames equal"
        notes.append(f"{said} the previous one. Equal frames were merged.")
    if found.durations:
        notes.append(f"{ending[1:].upper()} holds other durations of frames: {found.durations}.")
    return Written(written, join_notes(*notes, _explain(written, current)))


def _explain(written: bytes, image: Any) -> str:
    """Say what an image file does not hold beside the pixels: their mode, and descriptions."""
    from PIL import Image

    with Image.open(io.BytesIO(written)) as read:
        notes = []
        if read.mode != image.mode:
            notes.append(f"The picture will be read in the mode {read.mode}, not {image.mode}.")
        lost = [
            name
            for name, had, kept in (
                ("EXIF data", dict(image.getexif()), dict(read.getexif())),
                ("colour profile", image.info.get("icc_profile"), read.info.get("icc_profile")),
            )
            if had and had != kept
        ]
        lost += [
            f"text {name!r}"
            for name, had in getattr(image, "text", {}).items()
            if getattr(read, "text", {}).get(name) != had
        ]
    if lost:
        notes.append(f"It is stored without its {list_some(lost)}.")
    return join_notes(*notes)


def _read_durations(image: Any, frames: int) -> list[float]:
    """Return for how many milliseconds each frame is shown; 0 if the image does not say."""
    durations = []
    for number in range(frames):
        image.seek(number)
        image.load()
        durations.append(image.info.get("duration", 0))
    return durations


def _index_colours(image: Any) -> Any:
    """Return an image with a palette of exactly its colours, for GIF; None if that can't hold them.

    All transparent pixels have one colour.
    """
    from PIL import Image

    if image.mode not in _FOR_WEBP:
        return None
    seen = image.convert("RGBA")
    alpha = seen.getchannel("A")
    cleared = Image.new("RGBA", seen.size)
    cleared.paste(seen, mask=alpha.point(lambda value: 255 if value else 0))
    pixels = memoryview(cleared.tobytes()).cast("I")
    colours = sorted(set(pixels))
    if len(colours) > _MOST_COLOURS or any(value not in {0, 255} for _, value in alpha.getcolors()):
        return None
    numbers = {colour: number for number, colour in enumerate(colours)}
    indexed = Image.frombytes("P", seen.size, bytes(map(numbers.__getitem__, pixels)))
    raw = array("I", colours).tobytes()
    indexed.putpalette(raw, "RGBX")
    clear = numbers.get(0)
    if clear is not None:
        indexed.info["transparency"] = clear
    return indexed


def _jpeg(image: Any, frames: int) -> Written:
    from PIL import Image

    notes = []
    given = image
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
    written = _save(image, "JPEG", {"quality": 95})
    if not _holds(written, image):
        notes.append("JPEG compresses with loss, so pixels differ slightly; .png keeps them.")
    return Written(written, join_notes(*notes, _explain(written, given)))


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


@dataclass
class _Frames:
    """What an image file keeps of the frames of an image.

    Attributes
    ----------
    merged
        The number of frames that became one with the frame before, which they equal.
    timed
        Whether the image says how long its frames are shown.
    durations
        An example of a duration that differs; empty if none does.
    """

    merged: int
    timed: bool
    durations: str


def _compare_frames(written: bytes, image: Any, place: int, current: Any) -> _Frames | None:
    """Compare the frames of an image with those of a file; return None if a frame differs.

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

    merged, last, timed = 0, None, False
    had: list[float] = []
    kept: list[float] = []
    with Image.open(io.BytesIO(written)) as read:
        next_, count = 0, getattr(read, "n_frames", 1)
        for number in range(image.n_frames):
            image.seek(number)
            frame = current if number == place else image
            if next_ < count:
                read.seek(next_)
            frame.load()  # which reads the duration, too
            timed = timed or "duration" in frame.info
            duration = frame.info.get("duration", 0)
            if next_ < count and _is_same(read, frame):
                next_, last = next_ + 1, read.copy()
                had.append(duration)
                kept.append(last.info.get("duration", 0))
            elif last is not None and _is_same(last, frame):
                merged += 1
                had[-1] += duration
            else:
                return None
    if next_ != count:
        return None
    differing = [pair for pair in zip(had, kept, strict=True) if round(pair[0] - pair[1], 3)]
    said = "{:g} ms became {:g} ms".format(*differing[0]) if any(had) and differing else ""
    return _Frames(merged, timed, said)


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
