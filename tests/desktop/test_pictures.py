"""Every page in dark and light at 1x and 1.5x against its reference picture, with a tolerance for other rasterisers."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.desktop.paint import DECK_SHOTS, PICTURES, RATIOS, SHOTS, kept, paint_in_a_process

# A pixel differs when a channel is off by more than this; a picture when more of its pixels do than the share.
CHANNEL = 32
MOST_DIFFERENT = 0.004


def share_of_difference(one: QImage, other: QImage) -> float:
    """Which part of the pixels differs visibly."""
    if one.size() != other.size():
        return 1.0
    ours, theirs = (bytes(image.constBits()) for image in (one, other))
    # Four bytes a pixel, the last of them unused.
    channels = (abs(a - b) > CHANNEL for a, b in zip(ours, theirs, strict=True))
    different = sum(any(pixel) for pixel in zip(channels, channels, channels, channels, strict=True))
    return different / (one.width() * one.height())


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_pages_look_as_they_did(tmp_path: Path, ratio: str) -> None:
    paint_in_a_process(tmp_path, ratio)
    names = [f"{name}-{theme}.png" for name in (*SHOTS, *DECK_SHOTS) for theme in ("dark", "light")]
    assert sorted(names) == sorted(picture.name for picture in (PICTURES / ratio).iterdir())
    different = {
        name: f"{share:.2%} differs, see {tmp_path / name}"
        for name in names
        if (share := share_of_difference(kept(tmp_path / name), reference(ratio, name))) > MOST_DIFFERENT
    }
    assert different == {}, "if the change is wanted: python -m tests.desktop.paint --references"


def test_the_comparison_sees_what_a_person_sees() -> None:
    send, grave = reference("1", "send-dark.png"), reference("1", "grave-dark.png")
    assert share_of_difference(send, send) == 0
    assert share_of_difference(send, grave) > MOST_DIFFERENT
    moved = send.copy(2, 0, send.width() - 2, send.height()).scaled(send.size())
    assert share_of_difference(send, moved.convertToFormat(send.format())) > MOST_DIFFERENT
    assert share_of_difference(send, reference("1.5", "send-dark.png")) < 0.05


def reference(ratio: str, name: str) -> QImage:
    image = QImage(str(PICTURES / ratio / name))
    assert not image.isNull(), f"there is no reference picture {ratio}/{name}"
    return image.convertToFormat(QImage.Format.Format_RGB32)
