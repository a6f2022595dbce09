"""The door for devices: enrolment, and the certificate by which they know the hub."""

import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from footlights.hub.api import answers
from footlights.hub.api.access import check_patience
from footlights.hub.authority import LARGEST_REQUEST
from footlights.hub.hub import Hub
from footlights.hub.patience import address_of
from footlights.hub.registry import RefusedError
from footlights.media.page.asked import body_of

LARGEST = LARGEST_REQUEST + 1024  # bytes
router = APIRouter(tags=["enrolment"])


@router.get("/api/authority.crt", response_class=PlainTextResponse)
def authority(request: Request) -> str:
    """The certificate of the hub's authority. Devices believe it only where its hash is their pin."""
    hub: Hub = request.app.state.hub
    return hub.authority.pem


@router.get("/api/authority.crl", response_class=PlainTextResponse)
def revocation_list(request: Request) -> str:
    """Which certificates hold no more. A broker on another machine fetches it; it is past its date after a week."""
    hub: Hub = request.app.state.hub
    return hub.registry.revocation_list()


@router.post(
    "/api/enrolment/{scope}/{device}",
    response_model=answers.Granted,
    responses={202: {"model": answers.Waiting, "description": "Somebody must say yes first."}},
)
async def enrol(scope: str, device: str, request: Request) -> JSONResponse:
    """Give a certificate to a device that signed its request with the right key; 202 while somebody must say yes."""
    from starlette.concurrency import run_in_threadpool

    hub: Hub = request.app.state.hub
    patience = check_patience(request)
    body = await body_of(request, LARGEST)
    try:
        content: Any = json.loads(body)
        wanted = str(content["request"]).encode()
    except (ValueError, LookupError, TypeError):
        raise HTTPException(400, "the body is an object with a certificate signing request") from None
    header = request.headers.get("authorization", "")
    try:
        granted = await run_in_threadpool(hub.registry.enrol, device, header, body, wanted)
    except RefusedError as error:
        patience.wrong(address_of(request))
        raise HTTPException(403, str(error)) from None
    if granted is None:
        return JSONResponse({"state": "waiting"}, 202)
    broker = asdict(hub.broker_for(request.url.hostname or ""))
    return JSONResponse({"certificate": granted.pem, "authority": hub.authority.pem, "broker": broker})
