"""Makes the bundled fonts from their published static TTFs: plain names, no ligatures in the mono face.

Run by hand when a family is renewed (`pip install fonttools`), never at run time:

    python resources/fonts/bundle_fonts.py SOURCE_DIR

SOURCE_DIR holds the six source files listed below. Bricolage Grotesque and Hanken Grotesk are the static cuts published by
Google Fonts (npm `@expo-google-fonts/*`), JetBrains Mono is Debian's `fonts-jetbrains-mono`. A person reads in mono what
they approve, so `!=` must stay two characters: every GSUB feature that joins or swaps glyphs is dropped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
FACES = {
    # source file: (bundled file, family, style, weight)
    "BricolageGrotesque_700Bold.ttf": ("BricolageGrotesque-Bold.ttf", "Bricolage Grotesque", "Bold", 700),
    "HankenGrotesk_400Regular.ttf": ("HankenGrotesk-Regular.ttf", "Hanken Grotesk", "Regular", 400),
    "HankenGrotesk_600SemiBold.ttf": ("HankenGrotesk-SemiBold.ttf", "Hanken Grotesk", "SemiBold", 600),
    "HankenGrotesk_700Bold.ttf": ("HankenGrotesk-Bold.ttf", "Hanken Grotesk", "Bold", 700),
    "JetBrainsMono-Regular.ttf": ("JetBrainsMono-Regular.ttf", "JetBrains Mono", "Regular", 400),
    "JetBrainsMono-Medium.ttf": ("JetBrainsMono-Medium.ttf", "JetBrains Mono", "Medium", 500),
}
KEPT_FEATURES = ("ccmp", "locl", "mark", "mkmk", "kern", "tnum", "lnum", "case")
JOINING = ("calt", "liga", "clig", "dlig", "rlig", "frac", "zero")


def bundle(source: Path, target: Path, family: str, style: str, weight: int) -> None:
    """One face: features cut down, hinting kept out (Qt hints by itself), names made to match the weight."""
    options = subset.Options(layout_features=list(KEPT_FEATURES), hinting=False, name_IDs=["*"], notdef_outline=True)
    font = TTFont(source)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted(font.getBestCmap()))
    subsetter.subset(font)
    legacy = f"{family} {style}" if style not in ("Regular", "Bold") else family
    names = font["name"]
    full = family if style == "Regular" else f"{family} {style}"
    new_names = {
        1: legacy,
        2: style if style in ("Regular", "Bold") else "Regular",
        4: full,
        6: f"{family.replace(' ', '')}-{style}",
        16: family,
        17: style,
    }
    for name_id in (21, 22, 25):
        names.removeNames(nameID=name_id)
    for name_id, value in new_names.items():
        names.removeNames(nameID=name_id)
        names.setName(value, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    if "STAT" in font:
        del font["STAT"]
    features = (
        {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord} if "GSUB" in font else set()
    )
    if joined := features & set(JOINING):
        raise SystemExit(f"{source.name} still joins glyphs by {sorted(joined)}")
    font.save(target)


def main() -> int:
    """Bundle every face from the folder named on the command line."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    for source, (target, family, style, weight) in FACES.items():
        bundle(Path(sys.argv[1]) / source, HERE / target, family, style, weight)
        print(f"{target}: {(HERE / target).stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
