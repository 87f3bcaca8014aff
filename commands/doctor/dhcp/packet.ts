/** The two DHCP messages of a probe (RFC 2131): a DISCOVER, and the OFFER that answers it. Pure. */

/** Bytes before the options: BOOTP's fixed part and the magic cookie. */
const FIXED = 240;
const COOKIE = 0x63825363;
const [BOOTREQUEST, BOOTREPLY] = [1, 2] as const;
/** The client has no address yet, so the answer must go to all. */
const BROADCAST = 0x8000;
/** Options (RFC 2132). */
const [PAD, ROUTER, DNS, LEASE_TIME, MESSAGE_TYPE, SERVER_ID, PARAMETERS, END] = [
  0, 3, 6, 51, 53, 54, 55, 255,
] as const;
const [DISCOVER, OFFER] = [1, 2] as const;

/** A DHCP server's offer. Addresses in dotted form. */
export interface Offer {
  readonly address: string;
  readonly server: string;
  readonly router?: string;
  readonly dns?: string;
  /** Seconds. */
  readonly leaseTime?: number;
}

/** A DISCOVER of 300 bytes, the least that old servers take. `mac` is `02:..`, `transaction` a 32-bit number. */
export function discover(mac: string, transaction: number): Buffer {
  const packet = Buffer.alloc(300);
  packet.set([BOOTREQUEST, 1 /* Ethernet */, 6 /* bytes of a MAC */]);
  packet.writeUInt32BE(transaction, 4);
  packet.writeUInt16BE(BROADCAST, 10);
  packet.set(
    mac.split(":").map((byte) => parseInt(byte, 16)),
    28,
  );
  packet.writeUInt32BE(COOKIE, FIXED - 4);
  packet.set([MESSAGE_TYPE, 1, DISCOVER, PARAMETERS, 4, 1, ROUTER, DNS, LEASE_TIME, END], FIXED);
  return packet;
}

/** The options of a message; what is cut off is left out. */
function options(packet: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = FIXED; at < packet.length;) {
    const code = packet[at];
    if (code === undefined || code === END) break;
    if (code === PAD) {
      at += 1;
      continue;
    }
    const length = packet[at + 1];
    if (length === undefined || at + 2 + length > packet.length) break;
    found.set(code, packet.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

const dotted = (bytes: Buffer | undefined): string | undefined =>
  bytes === undefined || bytes.length < 4 ? undefined : [...bytes.subarray(0, 4)].join(".");

/** The offer in a message; undefined for anything but an OFFER that answers this transaction. */
export function offerIn(packet: Buffer, transaction: number): Offer | undefined {
  if (packet.length < FIXED || packet[0] !== BOOTREPLY) return undefined;
  if (packet.readUInt32BE(4) !== transaction || packet.readUInt32BE(FIXED - 4) !== COOKIE) return undefined;
  const told = options(packet);
  if (told.get(MESSAGE_TYPE)?.[0] !== OFFER) return undefined;
  const lease = told.get(LEASE_TIME);
  const [router, dns] = [dotted(told.get(ROUTER)), dotted(told.get(DNS))];
  return {
    address: dotted(packet.subarray(16, 20)) ?? "",
    server: dotted(told.get(SERVER_ID)) ?? dotted(packet.subarray(20, 24)) ?? "",
    ...(router === undefined ? {} : { router }),
    ...(dns === undefined ? {} : { dns }),
    ...(lease?.length === 4 ? { leaseTime: lease.readUInt32BE(0) } : {}),
  };
}
