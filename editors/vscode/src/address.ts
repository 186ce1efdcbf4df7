/** Where a debugger listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const LISTENS = /the debugger listens at (\S+):(\d+)\s/;

/** Find the address that `tangle debug` reports, in what it has written so far. */
export function addressIn(text: string): Address | undefined {
  const [, host, port] = LISTENS.exec(text) ?? [];
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}
