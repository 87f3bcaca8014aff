/** The parts of an Ignition 2.3 config that the program looks into. */
export interface Dropin {
  name: string;
  contents?: string;
}

export interface Unit {
  name: string;
  contents?: string;
  enable?: boolean;
  enabled?: boolean;
  mask?: boolean;
  dropins?: Dropin[];
}

export interface FileEntry {
  filesystem: string;
  path: string;
  contents?: { source: string; verification?: object };
  mode?: number;
  append?: boolean;
}

export interface Ignition2 {
  ignition: { version: string; security?: { tls?: object }; [key: string]: unknown };
  networkd?: { units?: Unit[] };
  storage?: { files?: FileEntry[]; [key: string]: unknown };
  systemd?: { units?: Unit[] };
  passwd?: Record<string, unknown>;
}
