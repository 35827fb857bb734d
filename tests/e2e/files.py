"""A folder as users have it: many formats, and something broken."""

import shutil

import cv2
import numpy as np
import SimpleITK
import tifffile
from PIL import Image
from pydicom.data import get_testdata_file

from ..app.building import write_png

GOOD = 9


def write_mixed_folder(folder):
    """Nine readable images of seven kinds, and two files that are none."""
    folder.mkdir(parents=True)
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(get_testdata_file(name, download=False), folder / name)
    write_png(folder / "sixteen bit.png", 1, depth=np.uint16)
    for number in range(2, 5):
        write_png(folder / "deeper" / f"film {number}.png", number)
    grey = cv2.imread(str(write_png(folder / "deeper" / "film 5.png", 5)), cv2.IMREAD_UNCHANGED)
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(np.rot90(grey)).save(folder / "turned.jpg", quality=95, exif=turned)
    (folder / "deeper" / "film 5.png").unlink()
    volume = SimpleITK.GetImageFromArray(grey[::-1].astype(np.int16) * 8)
    volume.SetSpacing((0.5, 0.25))
    SimpleITK.WriteImage(volume, str(folder / "flat.mha"))
    tifffile.imwrite(folder / "film.tif", grey[:, ::-1].astype(np.uint16) * 200)
    (folder / "broken.dcm").write_bytes((folder / "CT_small.dcm").read_bytes()[:3000])
    (folder / "text.png").write_text("this is no picture")
    return folder
