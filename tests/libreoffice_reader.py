"""Opens a workbook with its password in LibreOffice and prints its first cell; run by a Python that has ``uno``."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue


def connect(pipe):
    """Desktop of the office that listens on a pipe; waits until it is there."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(120):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except Exception:  # not yet listening; uno has no narrower type for it
            time.sleep(0.25)
    raise SystemExit("LibreOffice does not answer")


def main(path, password):
    """Print the text of A1 of the first sheet."""
    pipe = f"uji{time.time_ns()}"
    with tempfile.TemporaryDirectory() as profile:
        command = [
            "soffice", "--headless", "--norestore", f"--accept=pipe,name={pipe};urp;",
            f"-env:UserInstallation={Path(profile).as_uri()}",
        ]  # fmt: skip
        office = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            desktop = connect(pipe)
            options = (PropertyValue("Hidden", 0, True, 0), PropertyValue("Password", 0, password, 0))
            book = desktop.loadComponentFromURL(Path(path).as_uri(), "_blank", 0, options)
            print(book.Sheets.getByIndex(0).getCellByPosition(0, 0).String if book else "")
            desktop.terminate()
        finally:
            office.wait(timeout=30)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
