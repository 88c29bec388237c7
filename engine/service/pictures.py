"""Images on their way to a worker: refused for a model that cannot see, and never as they came."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import msgspec

from hinterland import images
from hinterland.engine.requests import Order, with_images
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import InputError

_DECODERS = ThreadPoolExecutor(2, "images")
"""Threads that wait for decoders, of which each may take half a minute. The loop's own threads look up who
asks, and nobody's request may wait for another's image."""


async def with_images_for(spec: WorkerSpec, order: Order) -> Order:
    """Return `order`, every image of it decoded and encoded anew unless its caller has done so.

    Raises InputError for a model that cannot see, and for an image that cannot be used.
    """
    if not spec.sees:
        raise InputError(
            f"The model {spec.model} cannot see images.",
            "`hint models recommend --task vision` names models that can; "
            "`hint models add MODEL --mmproj FILE` gives one the projector made for it.",
        )
    if order.hint.encoded_anew:
        return order
    urls = dict.fromkeys(url for message in order.messages for url in message.images)
    loop = asyncio.get_running_loop()
    anew = {
        url: await loop.run_in_executor(_DECODERS, _anew, url, place)
        for place, url in enumerate(urls, 1)
    }
    return msgspec.structs.replace(order, body=with_images(order.body, anew))


def _anew(url: str, place: int) -> str:
    _, content = images.parts(url)
    return images.encoded_anew(content, f"Image {place} of the request")
