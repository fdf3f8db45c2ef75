"""Old XLS workbooks, byte by byte: one sheet of records (MS-XLS) in a compound file (MS-CFB)."""

import struct

SECTOR, SMALLEST_STREAM = 512, 4096
MOST_BYTES = 8224  # of a record
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def record(kind, body):
    return struct.pack("<HH", kind, len(body)) + body


def old_workbook(path, *records, directory_follows=END, list_begins=END, sheets=1, shared=b""):
    """A compound file with one stream of records; its list names the one sheet so many times, after shared texts."""
    sheet = struct.pack("<IBB", 0, 0, 0) + b"\1\0S"
    listed = sheets * record(0x0085, sheet)
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + listed + shared + record(10, b"")
    start = start.replace(record(0x0085, sheet), record(0x0085, struct.pack("<I", len(start)) + sheet[4:]))
    sheet_start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    stream = (start + sheet_start + b"".join(records) + record(10, b"")).ljust(SMALLEST_STREAM, b"\0")
    stream = stream.ljust(-(-len(stream) // SECTOR) * SECTOR, b"\0")
    sectors = len(stream) // SECTOR
    own = next(k for k in range(1, 110) if k * (SECTOR // 4) >= k + 1 + sectors)  # of the table
    first = own + 1
    chain = [*[FAT] * own, directory_follows, *range(first + 1, first + sectors), END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(own * SECTOR, b"\xff")

    def entry(name, kind, child, first, size):
        text = (name + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
        return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 1, END, 0) + entry("Workbook", 2, FREE, first, len(stream)) + 2 * bytes(128)
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, own, own, 0, SMALLEST_STREAM, END, 0, list_begins, 0)
    head += struct.pack(f"<{own}I", *range(own))
    path.write_bytes(head.ljust(SECTOR, b"\xff") + table + directory + stream)
    return path


def number(row, column):
    return record(0x0203, struct.pack("<HHHd", row, column, 0, 1.0))


def text(row, column, cell):
    """A cell of text; one record holds no more than 255 letters here."""
    letters = cell[:255].encode("utf-16-le")
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(letters) // 2, 1) + letters)


def shared_text(texts):
    """The list of texts that cells share; long ones go on in further records, as Excel writes them."""
    records, body = [], struct.pack("<II", len(texts), len(texts))
    for text in texts:
        letters = text.encode("utf-16-le")
        body += struct.pack("<HB", len(text), 1)
        while letters:
            room = (MOST_BYTES - len(body)) // 2 * 2
            body, letters = body + letters[:room], letters[room:]
            if letters:
                records, body = [*records, body], b"\1"
    kinds = [0x00FC, *[0x003C] * len(records)]
    return b"".join(record(kind, part) for kind, part in zip(kinds, [*records, body], strict=True))


def shared_cell(row, column, place):
    """A cell with the text at a place of that list."""
    return record(0x00FD, struct.pack("<HHHI", row, column, 0, place))


def formula(row, column, marks):
    """A cell whose number 1 a formula gives, and its marks."""
    return record(0x0006, struct.pack("<HHHdHIH", row, column, 0, 1.0, 0, 0, len(marks)) + marks)


def name(letters):
    """A name that formulas use by its number."""
    return record(0x0018, struct.pack("<HBBHHHBBBB", 0, 0, len(letters), *[0] * 7) + b"\0" + letters.encode())
