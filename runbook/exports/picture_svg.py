"""The picture of a run as SVG, by presentation attributes and classes alone: no ids, no styles."""

from runbook.exports.markup import Markup, closed, element
from runbook.exports.picture import Picture
from runbook.exports.picture_shapes import Shape

NAMESPACE = "http://www.w3.org/2000/svg"


def drawing(picture: Picture, *children: Markup) -> Markup:
    """The `svg` element; `children` stand before the shapes."""
    attributes: dict[str, str | int] = {
        "xmlns": NAMESPACE,
        "class": "picture",
        "role": "img",
        "viewBox": f"0 0 {picture.width} {picture.height}",
        "width": picture.width,
        "height": picture.height,
    }
    return element(
        "svg",
        element("title", picture.title),
        element("desc", picture.description),
        *children,
        *(_drawn(shape) for shape in picture.shapes),
        **attributes,
    )


def _drawn(shape: Shape) -> Markup:
    look = f"p-{shape.look}"
    match shape.kind:
        case "box":
            place = {"x": shape.x, "y": shape.y, "width": shape.width, "height": shape.height}
            return closed("rect", class_=look, rx=2, **place)
        case "ring":
            return closed("circle", class_=look, cx=shape.x, cy=shape.y, r=shape.radius)
        case "words":
            return _words(shape, look)
        case _:
            return closed("path", class_=look, d=shape.path)


def _words(shape: Shape, look: str) -> Markup:
    """Text in a field of its own, which nothing of it can leave."""
    x, y = shape.anchor
    middle = "middle" if shape.centred else None
    line = element(
        "text", shape.text, class_=look, x=x, y=y, font_size=shape.size, text_anchor=middle
    )
    return element(
        "svg",
        line,
        x=shape.x,
        y=shape.above,
        width=shape.width,
        height=shape.height,
        overflow="hidden",
    )
