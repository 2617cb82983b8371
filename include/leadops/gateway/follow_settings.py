"""Changed settings take effect while the gateway serves: new parts take over, the former end in peace."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from fastapi import FastAPI

from leadops.gateway.gateway_parts import GatewayConfig, GatewayParts, GatewayWiring, make_parts

logger = logging.getLogger(__name__)

#: Seconds between two looks at the files.
LOOK_SECONDS = 10.0


class SettingsFollower:
    """Serves one app by the settings that `read` returns: None if nothing changed. `read` may block."""

    def __init__(
        self,
        app: FastAPI,
        config: GatewayConfig,
        wiring: GatewayWiring,
        *,
        read: Callable[[], GatewayConfig | None],
        seconds: float = LOOK_SECONDS,
    ) -> None:
        self._app, self._wiring, self._read, self._seconds = app, wiring, read, seconds
        self._parts = make_parts(config, wiring)
        self._refused = config.refused
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Serve, and follow the files."""
        await self._serve(self._parts)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop following; end the parts in use, and the former ones at once."""
        tasks = {task for task in (self._task, *self._ending) if task}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._parts.stop()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                config = await asyncio.to_thread(self._read)
                if config:
                    await self._take(config)
            except Exception as error:  # whatever it is, the gateway serves on by the settings that it has
                logger.warning("the settings are not read: %s", type(error).__name__)

    async def _take(self, config: GatewayConfig) -> None:
        if config.refused != self._refused:
            self._refused = config.refused
            self._app.state.refused_settings = config.refused
        former = self._parts
        if replace(config, refused=()) == replace(former.config, refused=()):
            return
        parts = make_parts(config, self._wiring)
        await self._serve(parts)
        self._parts = parts
        logger.warning("changed settings are in force")
        ending = asyncio.create_task(_end(former))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _serve(self, parts: GatewayParts) -> None:
        await parts.start()
        parts.serve(self._app)
        self._app.state.refused_settings = self._refused


async def _end(parts: GatewayParts) -> None:
    try:
        await parts.drain()
    finally:
        await parts.stop()
