"""Chromium's own peer connection at a worker: an offer with a data channel, and the good-bye."""

import asyncio

from playwright.async_api import Browser

from tests.interop.server import ClassServer

OFFER = """async () => {
  window.pc = new RTCPeerConnection();
  window.channel = pc.createDataChannel("class");
  for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""
ANSWER = """async (sdp) => {
  await pc.setRemoteDescription({ type: "answer", sdp });
  if (pc.connectionState !== "connected") {
    await new Promise((done) => pc.addEventListener("connectionstatechange",
      () => pc.connectionState === "connected" && done()));
  }
  const transport = pc.getReceivers()[0].transport;
  window.ended = new Promise((done) => transport.addEventListener("statechange",
    () => transport.state === "closed" && done(transport.state)));
  return channel.readyState;
}"""
WITHIN = 5.0  # s


async def test_chromium_connects_without_its_data_channel_and_hears_the_end(
    browser: Browser,
) -> None:
    server = ClassServer()
    await server.start()
    page = await browser.new_page()
    try:
        server.join("asha")
        answer = server.offer("asha", await page.evaluate(OFFER)).sdp
        assert "m=application 0 " in answer
        async with asyncio.timeout(WITHIN):
            assert await page.evaluate(ANSWER, answer) == "closed"
            assert server.transport("asha").drops == {}
            server.close()
            assert await page.evaluate("ended") == "closed"
    finally:
        server.close()
        await page.close()
