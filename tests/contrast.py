"""How far two colours stand apart (WCAG 2.2): 4.5 for text, 3 for lines and marks."""


def contrast(one: str, two: str) -> float:
    """Contrast ratio of two colours ``#rrggbb``, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(two)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white: what a grey print keeps."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
