"""Top-5 imbalance and mid of every symbol, live. pip install websockets; python desk.py [ws://host:8081] [token]"""

import asyncio, json, sys, websockets

async def main(url="ws://127.0.0.1:8081", token=None):
    async with websockets.connect(url, subprotocols=["bookflow.json.v1"], max_size=None) as desk:
        if token:
            await desk.send(json.dumps({"op": "auth", "token": token}))
        await desk.send(json.dumps({"op": "subscribe", "channels": ["features.*"], "every_ms": 1000}))
        async for message in desk:
            frame = json.loads(message)
            if "schema" in frame:
                names = frame["schema"]["features"]["names"]
            elif frame.get("op") == "error":
                sys.exit(frame["message"])
            elif frame.get("values"):
                row = dict(zip(names, frame["values"]))
                print(frame["channel"], "imb_5", row["imb_5"], "mid", row["mid_price"])

asyncio.run(main(*sys.argv[1:]))
