/** How many programs ask one host at the same time. */

/** Logins that sshd lets wait (`MaxStartups`) and sessions of one connection (`MaxSessions`) are ten, unless told otherwise. */
const AT_ONCE = 8;

interface Queue {
  free: number;
  /** Until the first has ended: it makes the connection that the others share. */
  first: boolean;
  readonly waiting: (() => void)[];
}

const queues = new Map<string, Queue>();

/** Runs `work` when a place is free among those that ask the host `key`. */
export async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(key) ?? { free: 1, first: true, waiting: [] };
  queues.set(key, queue);
  if (queue.free > 0) queue.free--;
  else
    await new Promise<void>((resolve) => {
      queue.waiting.push(resolve);
    });
  try {
    return await work();
  } finally {
    // The place goes on to the next; with the end of the first come the others.
    let places = queue.first ? AT_ONCE : 1;
    queue.first = false;
    for (; places > 0; places--) {
      const next = queue.waiting.shift();
      if (next === undefined) queue.free++;
      else next();
    }
  }
}
