"""A lateral skull film of 968 x 1200 pixels at 0.2 mm, as orthodontists take it: facing right, ear rods, ruler.

The layout is the usual one of such films; landmark places are those of an average adult, drawn from their definitions.
"""

from __future__ import annotations

import numpy as np

from medsapiens_core.io.phantom_parts.film import Film, Map

WIDTH, HEIGHT = 968, 1200

LANDMARKS = {
    "sella": (404.0, 524.0), "nasion": (695.0, 487.0), "orbitale": (634.0, 613.0), "porion": (301.0, 612.0),
    "subspinale_a": (694.0, 764.0), "supramentale_b": (680.0, 919.0), "pogonion": (677.0, 990.0),
    "menton": (648.0, 1021.0), "gnathion": (668.0, 1011.0), "gonion": (374.0, 873.0),
    "lower_incisor_tip": (710.0, 845.0), "upper_incisor_tip": (719.0, 851.0), "upper_lip": (778.0, 811.0),
    "lower_lip": (769.0, 901.0), "subnasale": (748.0, 748.0), "soft_tissue_pogonion": (715.0, 1026.0),
    "posterior_nasal_spine": (484.0, 714.0), "anterior_nasal_spine": (700.0, 722.0), "articulare": (335.0, 664.0),
}  # fmt: skip

_HEAD = [
    (-60, 300), (-20, 160), (90, 72), (250, 28), (420, 42), (560, 105), (655, 195), (718, 305), (742, 395), (740, 450),
    (722, 500), (738, 545), (778, 610), (818, 668), (824, 696), (806, 718), (772, 732), (748, 748), (758, 776),
    (778, 811), (768, 836), (744, 853), (764, 872), (769, 901), (748, 930), (716, 956), (712, 990), (715, 1026),
    (694, 1058), (650, 1076), (570, 1082), (510, 1100), (478, 1150), (462, 1260), (60, 1260), (70, 1100), (40, 900),
    (-10, 760), (-60, 600),
]  # fmt: skip
_VAULT_OUTER = [
    (697, 486), (713, 446), (708, 392), (676, 306), (612, 212), (522, 134), (412, 82), (290, 62), (170, 80), (78, 132),
    (14, 210), (-34, 310), (-46, 420), (-26, 528), (30, 612), (112, 680), (200, 714), (282, 716), (330, 650),
    (362, 560), (430, 512), (520, 492), (606, 470), (660, 462),
]  # fmt: skip
_VAULT_INNER = [
    (676, 440), (678, 396), (652, 322), (594, 236), (510, 162), (408, 112), (292, 92), (180, 108), (98, 156), (40, 226),
    (-4, 318), (-16, 420), (2, 518), (52, 592), (124, 652), (204, 684),
]  # fmt: skip
_MANDIBLE = [
    (341, 640), (358, 632), (377, 640), (384, 668), (402, 706), (428, 714), (446, 690), (464, 684), (474, 716),
    (480, 772), (492, 826), (512, 862), (560, 872), (620, 880), (668, 884), (694, 880), (690, 902), (680, 919),
    (673, 950), (677, 990), (668, 1011), (648, 1021), (606, 1012), (530, 976), (452, 930), (404, 898), (374, 873),
    (356, 826), (348, 752), (338, 690), (334, 660),
]  # fmt: skip
_MAXILLA = [
    (486, 712), (560, 718), (640, 722), (700, 722), (694, 764), (704, 792), (700, 812), (640, 806), (560, 796),
    (506, 786), (496, 750),
]  # fmt: skip


def draw_skull(rng: np.random.Generator) -> tuple[Map, dict[str, tuple[float, float]]]:
    """Return the film (1200, 968) float32 grey 0..255 and its 19 cephalometric landmarks in pixels."""
    film = Film(WIDTH, HEIGHT, rng)
    _background(film)
    film.solid(_HEAD, 0.24, 90, soften=2.0)
    film.solid(_HEAD, 0.08, 5, soften=1.5)  # skin
    _neck(film)
    _cranium(film)
    _base(film)
    _face(film)
    _jaws(film)
    _teeth(film)
    _head_holder(film)
    picture = film.expose(gain=262, contrast=0.95, noise=2.6)
    _tabs(picture)
    placed = film.place(list(LANDMARKS.values()))
    return picture, {name: (float(x), float(y)) for name, (x, y) in zip(LANDMARKS, placed, strict=True)}


def place_landmarks(rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """The landmarks of the film that `draw_skull` would draw, without drawing it."""
    placed = Film(WIDTH, HEIGHT, rng).place(list(LANDMARKS.values()))
    return {name: (float(x), float(y)) for name, (x, y) in zip(LANDMARKS, placed, strict=True)}


def _background(film: Film) -> None:
    x = np.linspace(0.0, 1.0, WIDTH, dtype=np.float32)
    y = np.linspace(0.0, 1.0, HEIGHT, dtype=np.float32)[:, None]
    film.depth += 0.02 + 0.75 * np.clip((x - 0.78) / 0.22, 0.0, 1.0) ** 1.6 * (1.0 - 0.5 * y)


def _cranium(film: Film) -> None:
    film.solid(_VAULT_OUTER, 0.70, 30, soften=1.6)
    film.bone(_VAULT_OUTER, 0.0, 0.75, 10)
    film.line(_VAULT_INNER, 9, 0.60, blur=3.0)
    film.solid(_VAULT_OUTER, 0.42, 300, soften=3.0)
    film.blob((120, 420), (190, 260), 0.30)
    film.blob((600, 400), (90, 80), -0.12)
    film.mottle(_VAULT_OUTER, 0.035, 14)
    film.mottle(_VAULT_OUTER, 0.02, 3)
    film.line([(30, 330), (110, 372), (150, 430), (168, 500)], 2, 0.10, blur=1.6)  # lambdoid suture
    film.line([(392, 82), (372, 150), (352, 240), (330, 330)], 2, 0.07, blur=2.0)  # coronal suture
    film.solid([(664, 446), (668, 404), (684, 374), (697, 392), (700, 428), (690, 452)], -0.55, 14)  # frontal sinus


def _base(film: Film) -> None:
    film.blob((292, 610), (62, 46), 0.75, 0.35)  # petrous bone
    film.blob((236, 655), (70, 34), 0.30, 0.55)
    film.mottle([(150, 600), (260, 560), (360, 590), (350, 690), (240, 720), (160, 690)], 0.16, 5)
    film.line([(60, 640), (130, 692), (210, 724), (300, 726)], 7, 0.25, blur=2.5)
    fossa = [(322, 622), (350, 572), (368, 540), (380, 508), (386, 512), (386, 528), (391, 543), (404, 550), (418, 545),
             (427, 530), (427, 512), (436, 505), (470, 502), (530, 490), (610, 470), (662, 452)]  # fmt: skip
    film.solid([(300, 540), (386, 520), (500, 505), (560, 560), (520, 640), (440, 690), (360, 700), (310, 640)],
               0.45, 50, soften=4.0)  # body of the sphenoid, middle cranial fossa  # fmt: skip
    film.solid([(386, 512), (388, 540), (404, 549), (420, 542), (426, 514), (404, 506)], -0.16, 10)
    film.line(fossa, 4, 0.55, blur=1.3)
    film.line([(440, 520), (520, 500), (600, 462), (650, 436), (694, 446)], 4, 0.40, blur=1.8)  # orbital roofs
    film.line([(470, 516), (560, 492), (640, 458)], 3, 0.28, blur=1.6)
    film.solid(
        [(396, 560), (440, 548), (478, 556), (486, 596), (450, 618), (408, 606)], -0.34, 24, soften=3.0
    )  # sphenoid sinus


def _face(film: Film) -> None:
    film.solid(
        [(470, 500), (660, 462), (697, 486), (676, 560), (692, 640), (700, 722), (486, 712), (470, 620)],
        0.46,
        45,
        soften=3.0,
    )
    film.blob((600, 560), (60, 50), 0.22)
    film.mottle([(500, 510), (650, 480), (670, 600), (560, 700), (500, 690)], 0.12, 9)
    film.bone([(692, 482), (704, 486), (724, 530), (744, 574), (734, 580), (712, 556), (696, 520)], 0.35, 0.25, 5)
    film.line([(689, 491), (701, 483)], 3, -0.35, blur=1.2)  # frontonasal suture
    film.solid([(508, 612), (600, 606), (640, 640), (646, 706), (520, 706), (500, 660)], -0.36, 34)  # maxillary sinus
    film.line([(604, 486), (600, 540), (612, 588), (634, 613), (652, 600), (660, 570)], 5, 0.50, blur=1.8)  # orbit
    film.line([(540, 572), (590, 590), (634, 613)], 4, 0.38, blur=1.6)
    film.blob((640, 634), (20, 15), 0.55, 0.5)
    film.line([(592, 632), (598, 680), (616, 712), (634, 684), (652, 642)], 5, 0.36, blur=1.8)  # key ridge
    film.line([(494, 540), (488, 600), (485, 660), (484, 712)], 5, 0.42, blur=1.5)  # pterygomaxillary fissure
    film.line([(512, 540), (506, 610), (494, 670), (485, 712)], 4, 0.36, blur=1.5)
    film.line([(340, 640), (390, 634), (440, 632), (520, 622), (600, 628)], 7, 0.28, blur=3.0)  # zygomatic arch


def _jaws(film: Film) -> None:
    film.bone(_MAXILLA, 0.55, 0.18, 9)
    film.line([(484, 714), (560, 716), (640, 717), (700, 722)], 9, 0.45, blur=1.6)
    film.line([(490, 724), (580, 730), (660, 734), (692, 738)], 4, 0.30, blur=1.5)
    far_side = [(x + 9.0, y - 7.0) for x, y in _MANDIBLE]
    film.bone(far_side, 0.22, 0.16, 9)
    film.bone(_MANDIBLE, 0.42, 0.50, 10)
    film.solid(_MANDIBLE, 0.22, 60, soften=2.0)
    film.solid([(420, 740), (520, 730), (680, 740), (740, 830), (730, 900), (690, 980), (560, 960), (440, 880)],
               0.30, 90, soften=6.0)  # tongue and cheeks  # fmt: skip
    film.line([(420, 760), (450, 850), (520, 920), (610, 960)], 5, -0.10, blur=3.0)  # mandibular canal
    film.bone([(640, 905), (672, 915), (676, 990), (664, 1012), (644, 1018), (622, 998), (626, 950)], 0.20, 0.30, 9)
    film.line([(392, 700), (388, 740), (384, 800), (380, 850)], 5, 0.14, blur=3.0)


def _teeth(film: Film) -> None:
    for number, x in enumerate(np.linspace(520.0, 672.0, 6)):
        wide = 15.5 if number < 3 else 12.0
        upper, lower = 838.0 + 3 * number, 845.0 + 2 * number
        _tooth(film, (x, upper), (x - 4, upper - 92), wide)
        _tooth(film, (x + 2, lower), (x - 6, lower + 92), wide)
    _tooth(film, LANDMARKS["upper_incisor_tip"], (672, 756), 13)
    _tooth(film, LANDMARKS["lower_incisor_tip"], (668, 930), 11)


def _tooth(film: Film, tip: tuple[float, float], apex: tuple[float, float], half: float) -> None:
    """One tooth: a dense crown for the first third, a tapering root with a darker canal for the rest."""
    end, root = np.asarray(tip), np.asarray(apex)
    axis = (root - end) / np.hypot(*(root - end))
    side = np.array([-axis[1], axis[0]]) * half
    length = float(np.hypot(*(root - end)))
    neck = end + axis * 0.36 * length
    crown = [end - side * 0.45, end + side * 0.45, end + axis * 9 + side, neck + side * 0.8, neck - side * 0.8,
             end + axis * 9 - side]  # fmt: skip
    film.solid(np.array(crown), 1.05, 9, soften=1.4)
    film.solid(
        np.array([neck - side * 0.8, neck + side * 0.8, root + side * 0.3, root - side * 0.3]), 0.55, 9, soften=1.6
    )
    film.line(np.array([neck, root]), 3, -0.30, blur=1.8)


def _neck(film: Film) -> None:
    film.solid([(250, 690), (360, 690), (376, 900), (390, 1260), (150, 1260), (180, 900)], 0.22, 60, soften=3.0)
    film.solid([(392, 640), (420, 660), (408, 760), (394, 870), (404, 990), (424, 1260), (384, 1260), (372, 1000),
                (366, 860), (376, 740)], -0.26, 14, soften=2.0)  # airway  # fmt: skip
    film.bone([(300, 700), (318, 690), (334, 704), (338, 770), (350, 834), (282, 838), (290, 770)], 0.50, 0.26, 8)
    film.bone([(336, 694), (352, 700), (350, 726), (334, 722)], 0.35, 0.2, 6)
    film.bone([(170, 742), (240, 734), (262, 746), (236, 764), (176, 768)], 0.30, 0.2, 6)
    for number in range(5):
        x, y = 314.0 - 5.0 * number, 880.0 + 78.0 * number
        film.bone([(x - 38, y - 26), (x + 33, y - 22), (x + 38, y + 28), (x - 34, y + 26)], 0.46, 0.30, 7, smooth=False)
        film.solid([(x - 44, y - 14), (x - 150, y - 26), (x - 164, y), (x - 140, y + 18), (x - 44, y + 18)], 0.26, 16)
        film.line([(x - 46, y - 26), (x - 60, y + 2), (x - 46, y + 26)], 6, 0.24, blur=2.0)
    film.bone([(388, 992), (430, 1000), (474, 984), (484, 1000), (466, 1020), (420, 1016)], 0.22, 0.2, 6)  # hyoid
    film.solid([(-60, 1150), (80, 1130), (220, 1190), (330, 1260), (-60, 1260)], 1.6, 50, soften=3.0)  # shoulder


def _head_holder(film: Film) -> None:
    for radius in (44.0, 31.0):
        ring = [(306 + radius * np.cos(a), 642 + radius * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 13)[:-1]]
        film.line(ring, 3, 0.35, closed=True, blur=1.1)
    rod = [(821, -20), (835, -20), (835, 400), (837, 500), (822, 500), (821, 400)]
    film.solid(rod, 0.9, 4, smooth=False)
    film.solid([(796, -20), (858, -20), (858, 236), (796, 240)], 0.30, 6, smooth=False)
    film.solid(
        [(806, 432), (856, 432), (856, 548), (820, 554), (742, 554), (734, 530), (744, 506), (806, 506)], 0.42, 8
    )
    for tick in range(10):
        film.line([(822, 402 + 10 * tick), (836, 402 + 10 * tick)], 3, 1.2, blur=0.8)


def _tabs(picture: Map) -> None:
    """Clear film where the frame of the cassette covered it."""
    for x in (236, 464, 694):
        picture[14:48, x : x + 62] = 252
        picture[-26:, x : x + 62] = 252
