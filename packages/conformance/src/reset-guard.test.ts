import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { startResetGuard } from './reset-guard.js';

const HOST = '127.0.0.1';

async function findPort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

it('relays bytes both ways, and a reset comes out as an end', async () => {
  const seen: string[] = [];
  const target = createServer((socket) => {
    socket.on('data', (bytes) => socket.write(`<${bytes}>`));
    socket.on('error', (error) => seen.push(String(error)));
    socket.on('end', () => seen.push('end'));
    socket.on('close', () => seen.push('close'));
  }).listen(0, HOST);
  await once(target, 'listening');
  const from = { host: HOST, port: await findPort() };
  const guard = await startResetGuard(from, { host: HOST, port: (target.address() as AddressInfo).port });
  const client = connect(from);
  client.write('said');
  const [answer] = await once(client, 'data');
  expect(String(answer)).toBe('<said>');
  client.resetAndDestroy();
  await expect.poll(() => seen).toEqual(['end', 'close']);
  await guard.close();
  target.close();
});
