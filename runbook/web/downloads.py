"""Files that a browser saves and never runs, whatever somebody wrote into them."""

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from runbook.services import exports
from runbook.services.exports import Exported

SEALED = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def saved(content: bytes | str, *, name: str, content_type: str) -> HttpResponse:
    """A small file to save; the name is plain ASCII of our own making."""
    return HttpResponse(content, content_type=content_type, headers=_sealed_as(name))


def handed_out(made: Exported) -> HttpResponseBase:
    """An export to save. A large one goes out from disk piece by piece."""
    if made.size <= exports.IN_MEMORY:
        return saved(made.content, name=made.file_name, content_type=made.content_type)
    headers = {**_sealed_as(made.file_name), "Content-Length": str(made.size)}
    return StreamingHttpResponse(made.pieces(), content_type=made.content_type, headers=headers)


def _sealed_as(name: str) -> dict[str, str]:
    return {**SEALED, "Content-Disposition": f'attachment; filename="{name}"'}
