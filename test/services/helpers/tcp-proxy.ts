import { connect, createServer, type Socket } from 'node:net';

/** A connection in the middle of which something may happen. */
export type TcpProxy = AsyncDisposable & {
  readonly port: number;
  /** Ends every connection, as a firewall does that forgot them. */
  readonly drop: () => void;
  /** From now on what the server answers is not passed on any more. */
  readonly swallowAnswers: () => void;
};

/** Opens a way to a port of this machine that can be cut. */
export async function openTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let swallowed = false;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => swallowed || near.write(bytes));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    drop,
    swallowAnswers() {
      swallowed = true;
    },
    async [Symbol.asyncDispose]() {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
