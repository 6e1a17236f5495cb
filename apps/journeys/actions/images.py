"""Pictures on maps. What comes is encoded anew, so that nothing but a picture is kept and its metadata is gone."""

import base64
import binascii
import hashlib
import io

from django.utils.translation import gettext as _

from apps.journeys.models import PICTURE, MapImage
from apps.journeys.wire_values import MapError

MOST_BYTES = 3_000_000
_MOST_PIXELS = 40_000_000
_SIDE = 1200  # as large as a map ever shows it


class NotAPicture(ValueError):
    """The text says what to do instead."""


def keep(*, content: bytes) -> MapImage:
    """A PNG, JPEG or WebP of at most 3 MB becomes a PNG or JPEG of at most 1,200 pixels a side. Raises NotAPicture."""
    if len(content) > MOST_BYTES:
        raise NotAPicture(_("The picture is larger than 3 MB. Make it smaller first."))
    encoded, content_type, size = encoded_anew(content)
    digest = hashlib.sha256(encoded).hexdigest()
    found, _made = MapImage.objects.get_or_create(
        digest=digest,
        defaults={"content": encoded, "content_type": content_type, "width": size[0], "height": size[1]},
    )
    return found


def encoded_anew(content: bytes) -> tuple[bytes, str, tuple[int, int]]:
    from PIL import Image, ImageOps  # noqa: PLC0415 - heavy, for who uploads a picture

    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as picture:
            _check_size(picture.size)
            turned = ImageOps.exif_transpose(picture)
            is_clear = turned.mode in {"RGBA", "LA", "P"}
            turned = turned.convert("RGBA" if is_clear else "RGB")
            turned.thumbnail((_SIDE, _SIDE))
            out = io.BytesIO()
            turned.save(out, "PNG" if is_clear else "JPEG", **({} if is_clear else {"quality": 85}))
            return out.getvalue(), "image/png" if is_clear else "image/jpeg", turned.size
    except NotAPicture:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(_("This is no picture that we can read. Use PNG, JPEG or WebP.")) from error


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > _MOST_PIXELS:
        raise NotAPicture(_("The picture has more than 40 million pixels. Make it smaller first."))


def named(text: str) -> MapImage | None:
    """What a map as text says of a picture: a data URI, or the digest of one that is here. Raises MapError."""
    if not text:
        return None
    if text.startswith(PICTURE):
        found = MapImage.objects.filter(digest=text.removeprefix(PICTURE)).first()
        if found is None:
            raise MapError(f"There is no picture {text[:20]}… here. Export the map with its pictures.")
        return found
    try:
        return keep(content=base64.b64decode(text.partition(",")[2], validate=True))
    except (NotAPicture, binascii.Error) as error:
        raise MapError(str(error)) from error
