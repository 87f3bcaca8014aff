# The DHCP probe's relay (see relay.ts) for hosts that have Python 3.
import os, select, socket, sys, time

seconds, packet = float(sys.argv[1]), bytes.fromhex(sys.argv[2])
end, due = time.monotonic() + seconds, 0.0
relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
relay.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
relay.bind(("0.0.0.0", 68))
while True:
    now = time.monotonic()
    if now >= end:
        break
    if now >= due:
        due = now + 2
        try:
            relay.sendto(packet, ("255.255.255.255", 67))
        except OSError:
            pass
    ready = select.select([relay, 0], [], [], max(0, min(due, end) - now))[0]
    if 0 in ready and not os.read(0, 4096):
        sys.exit(1)
    if relay in ready:
        message = relay.recv(4096)
        if message[:1] == b"\2" and message[4:8] == packet[4:8]:
            print(message.hex())
            break
