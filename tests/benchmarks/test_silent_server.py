import asyncio

from benchmarks.silent_server import SilentProtocol
from benchmarks.wire import Wire


def test_a_call_is_answered_once_it_is_whole_however_large_it_is() -> None:
    async def send() -> None:
        server = await asyncio.get_running_loop().create_server(SilentProtocol, "127.0.0.1", 0)
        async with server:
            wire = await Wire.open(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/collect")
            for body in (b"", b"{}", b"x" * 300_000):
                await wire.post(body, "X-Write-Key: k\r\n")
            wire.close()

    asyncio.run(send())
