"""From the pixels of any drawing to one network input, stage by stage, as NIST did it for MNIST.

"The original black and white images from NIST were size normalized to fit in a 20x20 pixel box while preserving
their aspect ratio. The resulting images contain grey levels as a result of the anti-aliasing technique used by the
normalization algorithm. The images were centered in a 28x28 image by computing the center of mass of the pixels,
and translating the image so as to position this point at the center of the 28x28 field."
(LeCun, Cortes and Burges, The MNIST database of handwritten digits.)

A network learns from pictures made this way, so a drawing must be brought to the same form before the network sees it.
The pens of NIST's writers were much alike, those on a screen aren't: so the strokes are made as wide as theirs, too.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from mnist_core.constants import SIDE
from mnist_core.errors import ImageError

BOX = 20
"""Side of the box that the digit is scaled into, in pixels."""
FINE = 48
"""Longer side of the picture in which strokes are widened or narrowed, in pixels."""
STROKE = 0.13
"""Width of a stroke as a share of the box; the median over MNIST, measured as in `even_strokes`, is 0.126."""
SLANT = 0.3
"""Pixels to the side per row; writing that is slanted more may be set upright."""
MIN_CONTRAST = 0.1
"""Ink differs from the background by more than this share of the grey range; anything fainter is paper grain."""


@dataclass(frozen=True)
class PreprocessOptions:
    """The steps that are taken on the way; each can be left out, to see what it is worth.

    Attributes:
        crop: cut out the ink and scale it into the box; otherwise the whole drawing is shrunk to 28x28 and nothing else
            is done.
        stroke_width: make the strokes as wide as those of MNIST.
        slant: set strongly slanted writing upright. Left out by default: a network that has seen distorted images
            reads slanted digits as well as upright ones (`bench/RESULTS.md`).
        centre: move the centre of mass to the middle; otherwise the middle of the box is there.
    """

    crop: bool = True
    stroke_width: bool = True
    slant: bool = False
    centre: bool = True


DEFAULT_OPTIONS = PreprocessOptions()


@dataclass(frozen=True, eq=False)
class PreprocessTrace:
    """The stages of a drawing on its way into the network, float32; ink is 1, background 0.

    Without `PreprocessOptions.crop`, crop and evened are the whole drawing, and fitted is that, shrunk to 28 pixels.

    Attributes:
        ink: (H, W), the whole drawing.
        crop: (h, w), the smallest rectangle that holds all ink; (0, 0) if there is none.
        evened: (h', w'), the crop, upright and with strokes as wide, for its size, as MNIST's; (0, 0) if there is none.
        fitted: (h", w"), that scaled so that its longer side is 20 pixels; (0, 0) if there is no ink.
        centred: (28, 28), the fitted picture with its centre of mass at the centre; zeros if there is no ink.
    """

    ink: np.ndarray
    crop: np.ndarray
    evened: np.ndarray
    fitted: np.ndarray
    centred: np.ndarray

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return self.crop.size == 0


def to_network_input(pixels: np.ndarray, options: PreprocessOptions = DEFAULT_OPTIONS) -> PreprocessTrace:
    """Convert a drawing to the form of MNIST and keep every stage.

    Args:
        pixels: uint8 (H, W), (H, W, 3) or (H, W, 4), any size from 1x1; dark ink on a light background or the
            other way round; with an alpha channel, ink on a transparent background works as well.
        options: which steps are taken.

    Returns:
        The stages; `stages.centred` is what the network reads.

    Raises:
        ImageError: if the array is not a picture of one of these kinds.

    Example:
        >>> drawing = np.zeros((280, 280), dtype=np.uint8)
        >>> drawing[40:240, 130:150] = 255
        >>> to_network_input(drawing).fitted.shape
        (20, 3)
    """
    return stages_of_ink(find_ink(pixels), options)


def stages_of_ink(ink: np.ndarray, options: PreprocessOptions = DEFAULT_OPTIONS) -> PreprocessTrace:
    """Compute the stages that follow once the ink, float32 (H, W) in [0, 1], is found; see `to_network_input`."""
    crop = crop_to_ink(ink)
    if crop.size == 0:
        return PreprocessTrace(ink, crop, crop, crop, np.zeros((SIDE, SIDE), np.float32))
    if not options.crop:
        shrunk = fit_to_box(ink, SIDE)
        return PreprocessTrace(ink, ink, ink, shrunk, centre_box(shrunk))
    evened = even_strokes(crop) if options.stroke_width else crop
    if options.slant:
        evened = set_upright(evened if options.stroke_width else fit_to_box(crop, FINE))
    fitted = fit_to_box(evened)
    return PreprocessTrace(ink, crop, evened, fitted, (centre_mass if options.centre else centre_box)(fitted))


def find_ink(pixels: np.ndarray, background: int | None = None) -> np.ndarray:
    """Separate ink from background, whatever the colours.

    Unless it is known, the background is what most of the picture's border shows. Ink is what differs from it, in the
    direction (darker or lighter) in which the picture differs more; the strongest ink becomes 1.

    Args:
        pixels: see `to_network_input`.
        background: its grey level, 0 to 255; None: to be found.

    Returns:
        float32 (H, W) in [0, 1]; all zeros if nothing stands out from the background.

    Raises:
        ImageError: if the array is not a picture.
    """
    grey = to_grey(pixels)
    if background is None:
        background = int(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    # There are only 256 levels of grey: how much ink each means is computed once, then looked up for every pixel.
    difference = np.arange(256) - background
    lighter = np.where(difference > MIN_CONTRAST * 255, difference, 0)
    darker = np.where(difference < -MIN_CONTRAST * 255, -difference, 0)
    counts = np.array(Image.fromarray(grey).histogram())
    ink_of_level = lighter if counts @ lighter > counts @ darker else darker
    strongest = ink_of_level[counts > 0].max()
    if strongest > 0:
        ink_of_level = ink_of_level / strongest
    return ink_of_level.astype(np.float32)[grey]


def crop_to_ink(ink: np.ndarray) -> np.ndarray:
    """Cut out the smallest rectangle that holds all ink.

    Args:
        ink: float32 (H, W), background 0.

    Returns:
        float32 (h, w), a view; (0, 0) if there is no ink.
    """
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    if rows.size == 0:
        return ink[:0, :0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def even_strokes(crop: np.ndarray) -> np.ndarray:
    """Return the drawing with strokes about as wide as those of MNIST, whatever the pen was.

    Every pixel's distance to the edge of the ink is measured, positive inside. The ink is where it is above 0; the
    pixels where it is above −1 make strokes one pixel wider on both sides. So another limit gives another width. Across
    a stroke of width w the distance rises evenly from 0 to w / 2 and falls again: its mean is w / 4.

    Args:
        crop: float32 (h, w) in [0, 1], with ink.

    Returns:
        float32 (h', w') in [0, 1], cropped to its ink; the longer side is `FINE` pixels plus the growth of the strokes.
    """
    fine = fit_to_box(crop, FINE)
    level = float((fine * fine).sum() / fine.sum())  # average darkness of the ink: pale or thin ink never reaches 0.5
    room = 3  # no stroke grows by more
    solid = np.pad(fine > min(0.5, level * level), room)
    distances = distance_to(~solid) - 0.5  # the edge runs between two pixels
    width = 4 * float(distances[solid].mean())
    # If strokes grow by g on either side, so does the whole that is scaled to the box: (w + 2g) / (FINE + 2g) = STROKE.
    growth = (STROKE * FINE - width) / (2 * (1 - STROKE))
    if growth > 0:
        distances = np.where(solid, distances, 0.5 - distance_to(solid))
    else:
        growth /= 2  # where a thick pen has filled a loop, full narrowing would tear the rest
    return crop_to_ink(np.clip(distances + growth + 0.5, 0, 1, dtype=np.float32))


def distance_to(target: np.ndarray) -> np.ndarray:
    """Compute every pixel's distance to the nearest pixel of a target.

    First along columns, then along rows: the square of a distance is the sum of both directions' squares, so the
    nearest pixel is found by looking, in each row, for the smallest sum. (Felzenszwalb and Huttenlocher 2012, Distance
    transforms of sampled functions, Theory of Computing 8, section 3.)

    Args:
        target: bool (H, W), True somewhere.

    Returns:
        float32 (H, W), in pixels; 0 on the target.
    """
    height, width = target.shape
    far = np.float32(height + width)
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    last = np.maximum.accumulate(np.where(target, rows, -far), axis=0)
    following = np.minimum.accumulate(np.where(target, rows, height + far)[::-1], axis=0)[::-1]
    along_column = np.minimum(rows - last, following - rows)  # (H, W)
    squares = (columns[:, None] - columns) ** 2  # (W, W)
    return np.sqrt((along_column[:, None, :] ** 2 + squares).min(axis=2))


def set_upright(crop: np.ndarray) -> np.ndarray:
    """Shift the rows of strongly slanted writing until its slant is `SLANT`.

    The slant is how far the ink moves sideways from one row to the next: the slope of the regression of columns on
    rows, weighted by the ink.

    Args:
        crop: float32 (h, w) in [0, 1], with ink.

    Returns:
        float32 (h, w'), cropped to its ink; the crop itself if it is upright enough.
    """
    height, width = crop.shape
    rows = np.arange(height) - (crop.sum(axis=1) @ np.arange(height)) / crop.sum()  # from the centre of mass
    columns = np.arange(width) - (crop.sum(axis=0) @ np.arange(width)) / crop.sum()
    spread = float(crop.sum(axis=1) @ rows**2)
    slant = float(rows @ crop @ columns) / spread if spread else 0.0
    excess = slant - min(max(slant, -SLANT), SLANT)
    if excess == 0:
        return crop
    room = int(np.ceil(abs(excess) * height)) + 1
    padded = Image.fromarray(np.pad(crop, ((0, 0), (room, room))))
    look_up = (1, excess, excess * float(rows[0]), 0, 1, 0)  # x' = x + excess · row, y' = y
    upright = padded.transform(padded.size, Image.Transform.AFFINE, look_up, Image.Resampling.BILINEAR)
    return crop_to_ink(np.asarray(upright))


def fit_to_box(crop: np.ndarray, box: int = BOX) -> np.ndarray:
    """Scale so that the longer side is `box` pixels, keeping the aspect ratio, with antialiasing.

    Args:
        crop: float32 (h, w) in [0, 1], not empty.
        box: the longer side of the result, in pixels.

    Returns:
        float32 (h', w') in [0, 1] with max(h', w') == box and min(h', w') >= 1.
    """
    height, width = crop.shape
    scale = box / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Pillow widens the bilinear filter's support when it shrinks, so every input pixel counts.
    fitted = Image.fromarray(np.ascontiguousarray(crop)).resize(size, Image.Resampling.BILINEAR)
    return np.clip(np.asarray(fitted, dtype=np.float32), 0, 1)


def centre_mass(fitted: np.ndarray) -> np.ndarray:
    """Place the centre of mass of the ink at the centre of an empty picture of 28x28 pixels, by whole pixels.

    Args:
        fitted: float32 (h, w) with ink, neither side longer than 28.

    Returns:
        float32 (28, 28). A picture whose mass lies far off its middle is moved only as far as it stays inside: no ink
        is ever cut off.
    """
    height, width = fitted.shape
    mass = fitted.sum()
    mass_row = (fitted.sum(axis=1) @ np.arange(height)) / mass
    mass_column = (fitted.sum(axis=0) @ np.arange(width)) / mass
    # The centre is pixel 14, not 13.5: measured, the mean centre of mass of MNIST's own images is (14.0, 14.0).
    top = int(np.clip(round(SIDE // 2 - mass_row), 0, SIDE - height))
    left = int(np.clip(round(SIDE // 2 - mass_column), 0, SIDE - width))
    return placed(fitted, top, left)


def centre_box(fitted: np.ndarray) -> np.ndarray:
    """Place a picture, float32 (h, w), in the middle of an empty one, float32 (28, 28), whatever its mass."""
    height, width = fitted.shape
    return placed(fitted, (SIDE - height) // 2, (SIDE - width) // 2)


def placed(picture: np.ndarray, top: int, left: int) -> np.ndarray:
    """Place a picture, float32 (h, w), in an empty one, float32 (28, 28), from this row and column on."""
    height, width = picture.shape
    field = np.zeros((SIDE, SIDE), np.float32)
    field[top : top + height, left : left + width] = picture
    return field


def _check_picture(pixels: np.ndarray) -> None:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        found = f"dtype {pixels.dtype}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise ImageError(f"a picture must be a NumPy array of uint8 (0 to 255), found {found}: convert it first")
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))) or pixels.size == 0:
        raise ImageError(
            f"a picture must have the shape (H, W), (H, W, 3) or (H, W, 4) with at least one pixel, "
            f"found {pixels.shape}"
        )


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """Return a picture's luminance, with transparency resolved.

    Args:
        pixels: see `to_network_input`.

    Returns:
        uint8 (H, W).

    Raises:
        ImageError: if the array is not a picture.
    """
    _check_picture(pixels)
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    grey = np.asarray(picture.convert("L"))  # whatever the alpha channel says
    if pixels.shape[2] == 3:
        return grey
    alpha = np.asarray(picture.getchannel("A"))
    if alpha.min() == 255:
        return grey
    visible = grey[alpha > 127]
    if visible.size == 0 or np.ptp(visible) <= MIN_CONTRAST * 255:
        # One colour on nothing, as on a canvas without a background: the ink is in the alpha channel.
        return alpha
    # Ink and paper both have a colour: what is transparent becomes paper.
    opacity = alpha / np.float32(255)
    mixed = grey * opacity + np.float32(np.median(visible)) * (1 - opacity)
    return mixed.round().astype(np.uint8)
