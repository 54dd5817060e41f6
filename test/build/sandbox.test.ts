import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SlipwayError } from '../../src/contract/failure.ts';
import { SYSTEM_PATH } from '../../src/build/inside.ts';
import { createUnshare } from '../../src/build/unshare.ts';
import { openSandbox, type SandboxJob } from '../../src/build/sandbox.ts';
import { describeUnderEach, LIMITS, SANDBOXES, scratchFolder, shell } from './checkout.ts';

const { bwrap, unshare } = SANDBOXES;
const root = process.getuid?.() === 0;

test('auto takes bwrap, else unshare, and never none', async () => {
  const kind = await openSandbox('auto').then(
    (sandbox) => sandbox.kind,
    (error: SlipwayError) => error.code,
  );
  const expected =
    typeof bwrap !== 'string' ? 'bwrap' : typeof unshare !== 'string' ? 'unshare' : 'SANDBOX_UNAVAILABLE';
  expect(kind).toBe(expected);
});

test('a sandbox that does not work here is SANDBOX_UNAVAILABLE, saying why and what to do', async () => {
  const wrong = openSandbox('bwrap', { root, programs: '/no/such/folder' });
  await expect(wrong).rejects.toMatchObject({
    code: 'SANDBOX_UNAVAILABLE',
    message: expect.stringMatching(/bwrap: .*ENOENT.*apt-get install bubblewrap/),
  });
});

describeUnderEach('a job', (sandbox) => {
  const { kind } = sandbox;
  const run = (script: string, more = {}) => sandbox.run(shell(sandbox, script, more));
  const apart = kind !== 'none';

  test('has the environment that it was given, and of ours nothing', async () => {
    vi.stubEnv('SLIPWAY_CANARY', 'canary-7f3a');
    onTestFinished(() => void vi.unstubAllEnvs());
    // bwrap and its like would show what they were started with.
    const others = apart ? 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline' : 'true';
    const { log } = await run(`env; ${others} 2>/dev/null`, {
      environment: { PATH: sandbox.path, COLOUR: 'teal', TMPDIR: { place: '/tmp' } },
    });
    expect(log).toContain('COLOUR=teal');
    expect(log).not.toContain('canary-7f3a');
    const own = await run('env', { environment: { PATH: sandbox.path } });
    expect(
      own.log
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('PWD=')),
    ).toEqual([`PATH=${sandbox.path}`]);
  });

  test('runs the node that runs us', async () => {
    expect((await run('node --version')).log.trim()).toBe(process.version);
  });

  test('says how its command ended', async () => {
    expect(await run('exit 3')).toMatchObject({ ended: 'exited', exitCode: 3 });
    expect(await run('kill -TERM $$')).toMatchObject({ ended: 'exited', exitCode: 143 });
    expect(await run('no-such-program')).toMatchObject({ ended: 'exited', exitCode: 127 });
  });

  test('is prepared first, or does not run at all', async () => {
    const more = { prepare: 'echo prepared; touch /tmp/there 2>/dev/null', environment: { PATH: sandbox.path } };
    const well = await run('echo then; exit 4', more);
    expect(well).toMatchObject({ prepared: true, exitCode: 4, log: 'prepared\nthen\n' });
    const ill = await run('echo never', { prepare: 'echo ill; exit 9' });
    expect(ill).toMatchObject({ prepared: false, exitCode: 1, log: 'ill\n' });
    // What says how far it has come is out of reach of both.
    const lying = await run('echo unprepared >&3', { prepare: 'echo unprepared >&3 || true' });
    expect(lying).toMatchObject({ prepared: true, exitCode: 2 });
  });

  test('keeps the beginning and the end of a long log', async () => {
    const { log } = await run('echo first; head -c 1000000 /dev/zero | tr "\\0" x; echo; echo last');
    expect(log.startsWith('first\n')).toBe(true);
    expect(log.endsWith('\nlast\n')).toBe(true);
    expect(log).toMatch(/… \d+ bytes left out …/);
    expect(log.length).toBeLessThan(140_000);
  });

  test('that is stopped leaves no process behind', async () => {
    const marker = `60.${process.pid}${kind.length}`;
    const job = sandbox.start(
      shell(sandbox, `sleep ${marker} & echo ready; ${apart ? `setsid sleep ${marker} &` : ''} wait`),
    );
    await vi.waitFor(() => expect(job.log()).toContain('ready'));
    job.stop();
    expect(await job.ended).toMatchObject({ ended: 'stopped', exitCode: null });
    expect(await processes(`sleep ${marker}`)).toEqual([]);
  });

  test.runIf(apart)('ends with the process that started it, however that dies', async () => {
    const marker = `61.${process.pid}${kind.length}`;
    const worker = startElsewhere(shell(sandbox, `sleep ${marker}`), kind);
    await vi.waitFor(async () => expect(await processes(`sleep ${marker}`)).toHaveLength(1), 5_000);
    worker.kill('SIGKILL');
    await vi.waitFor(async () => expect(await processes(`sleep ${marker}`)).toEqual([]), 5_000);
  });

  describe.runIf(apart)('kept apart', () => {
    test('has another user, host and file system, all of it read-only but its own', async () => {
      const { log } = await run('id -u; id -un; hostname; ls /; touch /usr/x /etc/x /x /proc/sys/kernel/hostname');
      expect(log).toMatch(/^60720\nanna\nhull\n/);
      for (const hidden of ['home', 'root', 'work', 'var', 'sys'])
        expect(log).not.toMatch(new RegExp(`^${hidden}$`, 'm'));
      expect(log.match(/cannot touch/g)).toHaveLength(4);
    });

    test('has no rights, and cannot end or trace the process above it', async () => {
      const { log } = await run(
        'grep -E "Cap(Eff|Prm|Inh|Amb)|NoNewPrivs" /proc/self/status; mount -t tmpfs x /tmp || echo no mount',
      );
      expect(log.match(/0000000000000000/g)).toHaveLength(4);
      expect(log).toContain('NoNewPrivs:\t1');
      expect(log).toContain('no mount');
    });

    test('sees no process but its own', async () => {
      const { log } = await run('ls /proc | grep -c "^[0-9]"');
      expect(Number(log)).toBeLessThan(10);
    });

    test('has a loopback of its own, and no other network', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const ask = (host: string, to: number) =>
        `node -e "net.connect(${to}, '${host}').on('error', e => console.log(e.code)).on('connect', () => console.log('CONNECTED'))"`;
      expect((await run(ask('127.0.0.1', port))).log.trim()).toBe('ECONNREFUSED');
      expect((await run(ask('192.0.2.1', 80))).log.trim()).toBe('ENETUNREACH');
      const own =
        "const s = net.createServer(c => { c.end(); s.close() }).listen(0, () => net.connect(s.address().port, '127.0.0.1').on('connect', () => console.log('CONNECTED')))";
      expect((await run(`node -e "${own}"`)).log.trim()).toBe('CONNECTED');
    });

    test('reaches the network only where that is its purpose', async () => {
      const server = createServer((socket) => socket.end('good morning'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const ask = `node -e "net.connect(${port}, 'localhost').on('error', e => console.log(e.code)).pipe(process.stdout)"`;
      expect((await run(ask, { network: true })).log.trim()).toBe('good morning');
      expect((await run(ask)).log).not.toContain('good morning');
    });

    test.each(['/tmp', '/dev/shm'])('cannot fill more than its share of memory in %s', async (folder) => {
      const { exitCode, log } = await run(
        `for n in 1 2 3 4 5 6 7; do head -c 14000000 /dev/zero >${folder}/$n || exit 9; done`,
      );
      expect(exitCode).toBe(9);
      expect(log).toContain('No space left on device');
    });

    test('cannot hold more memory than its limit', async () => {
      const grow = 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1))';
      expect((await run(`node -e "${grow}"`, { limits: { ...LIMITS, memory: 2 ** 30 } })).exitCode).not.toBe(0);
    });

    test('cannot start more processes than its limit', async () => {
      const script = 'i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; echo all of them';
      const { log, ended } = await run(script, { limits: { ...LIMITS, timeout: 2_000 } });
      expect(ended).toBe('exited');
      expect(log).toMatch(/fork/i);
      expect(log).not.toContain('all of them');
    });

    test('sees the folders that it is shown, and writes only where it may', async () => {
      const folder = await scratchFolder();
      for (const name of ['read', 'write']) await mkdir(join(folder, name));
      await writeFile(join(folder, 'read/note'), 'good morning');
      const shares = [
        { from: join(folder, 'read'), at: '/run/slipway/read', writable: false },
        { from: join(folder, 'write'), at: '/run/slipway/write', writable: true },
      ];
      const script = 'cat read/note; echo kept >write/file; touch read/file || echo refused';
      const { log } = await run(script, { shares, workingFolder: '/run/slipway' });
      expect(log).toMatch(/^good morning.*refused\n$/s);
      expect(readFileSync(join(folder, 'write/file'), 'utf8')).toBe('kept\n');
      expect(existsSync(join(folder, 'read/file'))).toBe(false);
    });
  });
});

test('what fails while a sandbox is set up is our error, not that of the command', async () => {
  if (typeof unshare === 'string') return;
  const shares = [{ from: '/no/such/folder', at: '/x', writable: false }];
  const job = shell(unshare, 'true', { shares });
  await expect(createUnshare({ root, programs: SYSTEM_PATH }).run(job)).rejects.toMatchObject({
    code: 'INTERNAL',
    fault: 'platform',
  });
});

/** Command lines that begin so. */
async function processes(beginning: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.startsWith(beginning));
}

/** Runs a job in a process of its own: the compiled code, as Node 20 runs no TypeScript. */
function startElsewhere(job: SandboxJob, kind: string): ChildProcess {
  const compiled = new URL('../../dist/src/build/sandbox.js', import.meta.url);
  const script = `const { openSandbox } = await import(${JSON.stringify(compiled)});
    await (await openSandbox(${JSON.stringify(kind)})).run(${JSON.stringify(job)});`;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  onTestFinished(() => void worker.kill('SIGKILL'));
  return worker;
}
