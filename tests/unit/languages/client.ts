import type { Transport } from "./transport";
import fs = require("fs");
export * from "./types";

/** How often to try. */
export const RETRIES: number = 3;

export type Result<T> =
  | { ok: true; value: T }
  | { ok: false; error: Error };

/** What a client needs. */
export interface Options extends BaseOptions {
  url: string;
  /** Milliseconds. */
  timeout?: number;
  onError(error: Error): void;
}

export enum State {
  Idle,
  Busy = "busy",
}

export abstract class Client<T> implements Disposable {
  private state = State.Idle;
  protected readonly handler = async (message: T): Promise<void> => {
    await this.dispatch(message);
  };

  constructor(private readonly transport: Transport, options?: Options) {
    this.transport.on("message", this.handler);
  }

  protected abstract dispatch(message: T): Promise<void>;

  /**
   * Sends a request.
   * @param body what to send
   */
  @traced("send")
  public async send<R>(body: T): Promise<Result<R>> {
    const encoded = encode(body);
    return new Sender<R>(this.transport).send(encoded);
  }

  get busy(): boolean {
    return this.state === State.Busy;
  }
}

export function connect(url: string): Client<string>;
export function connect(url: URL): Client<string>;
export function connect(url: unknown): Client<string> {
  return makeClient(String(url));
}

export namespace Codes {
  export const OK = 0;
  export function describe(code: number): string {
    return lookup(code);
  }
}

declare module "express" {
  interface Request {
    user?: User;
  }
}

declare function gtag(name: string): void;

const isReady = (client: Client<unknown>): boolean => !client.busy;
