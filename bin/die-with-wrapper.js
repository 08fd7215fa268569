// Loaded only below a wrapper (rerun.js): the direct start pays nothing for it.
import net from 'node:net';

/**
 * Ends this process with SIGKILL when its wrapper is gone. A wrapper that was killed cannot pass that on, and a job
 * whose visible process is dead must not go on acting unseen.
 *
 * The descriptor is closed on exec by Node.js itself and its name leaves the environment, so that no process started
 * from here is tied to the wrapper. The watch does not keep the event loop alive.
 */
export function dieWithWrapper() {
  const fd = Number(process.env.SALVOR_WRAPPER_FD);
  delete process.env.SALVOR_WRAPPER_FD;
  if (!Number.isInteger(fd) || fd < 3) return;
  const wrapper = new net.Socket({ fd, readable: true, writable: false });
  const die = () => process.kill(process.pid, 'SIGKILL');
  wrapper.on('error', die);
  wrapper.on('end', die);
  wrapper.resume();
  wrapper.unref();
}
