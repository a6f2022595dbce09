"""Takes in what a browser sends, piece by piece, never more than a project may hold."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import Request

from footlights.core.errors import SourceError
from footlights.studio.intake import LARGEST, Medium


@asynccontextmanager
async def received(request: Request, medium: Medium, folder: Path) -> AsyncIterator[Path]:
    """The body of a request as a file in a folder, there as long as the context lasts.

    Raises SourceError where it is empty or larger than such a medium may be.
    """
    most = LARGEST[medium]
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise SourceError(f"the file has {int(told) >> 20} MB; a {medium} may have {most >> 20} MB")
    size = 0
    with tempfile.NamedTemporaryFile(prefix=".upload-", dir=folder) as draft:
        async for piece in request.stream():
            size += len(piece)
            if size > most:
                raise SourceError(f"the file is too large; a {medium} may have {most >> 20} MB")
            await asyncio.to_thread(draft.write, piece)
        if not size:
            raise SourceError("the file is empty")
        draft.flush()
        yield Path(draft.name)
