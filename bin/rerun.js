// Runs salvor.js again on the fit Node.js that is installed with the package. Read by old Node.js: plain syntax only.
import childProcess from 'child_process';
import fs from 'fs';
import module from 'module';
import os from 'os';
import path from 'path';
import url from 'url';

const WRAPPER_FD = 3;

/**
 * Becomes a transparent wrapper around the same command on a fit Node.js: same arguments, same terminal, same exit
 * code or signal. Without a fit one it says which Node.js is needed and sets exit code 2.
 */
export function rerun(oldestMajor) {
  // What cannot be said changes no exit code.
  process.stderr.on('error', () => undefined);
  const { node, tried } = findNode(oldestMajor);
  if (node === undefined) {
    process.stderr.write(
      `salvor: needs Node.js ${oldestMajor} or newer; ${process.execPath} is ${process.versions.node}, ${tried}\n` +
        `${describeRemedy(oldestMajor)}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const script = url.fileURLToPath(new URL('./salvor.js', import.meta.url));
  const child = childProcess.spawn(node, [script].concat(process.argv.slice(2)), {
    // The fourth is a pipe that nothing is written to: it ends when this process ends, however that happens.
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: Object.assign({}, process.env, { SALVOR_WRAPPER_FD: String(WRAPPER_FD) }),
  });
  const forwarding = forwardSignals(child);
  child.on('error', (error) => {
    process.stderr.write(`salvor: ${node} does not start: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    forwarding.stop();
    if (signal === null) process.exit(code);
    endBySignal(signal);
  });
}

/** The executable of the `node` package Salvor is installed with, or what is wrong with it. */
function findNode(oldestMajor) {
  let manifest;
  try {
    manifest = module.createRequire(import.meta.url).resolve('node/package.json');
  } catch (_absent) {
    return { tried: `and no package "node" is installed beside ${root()}` };
  }
  const executable = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  try {
    const version = JSON.parse(fs.readFileSync(manifest, 'utf8')).version;
    if (Number(version.split('.')[0]) < oldestMajor) return { tried: `${executable} is ${version}` };
    fs.accessSync(executable, fs.constants.X_OK);
    return { node: executable };
  } catch (error) {
    return { tried: `${executable} cannot be run (${error.code || error.message})` };
  }
}

/** A clone can bring a Node.js along; what was installed from a package runs on the one of the system. */
function describeRemedy(oldestMajor) {
  const install = `Install Node.js ${oldestMajor} or newer and put it first on the PATH`;
  const isClone = fs.existsSync(path.join(root(), 'package-lock.json'));
  return isClone ? `${install}, or run "npm ci" in ${root()}, which brings one along.` : `${install}.`;
}

function root() {
  return path.dirname(path.dirname(url.fileURLToPath(import.meta.url)));
}

/**
 * Passes on what only this process was sent. What the keyboard sends (SIGINT, SIGQUIT) reaches the whole foreground
 * group, the child included, and is only survived, as long as there is a keyboard. SIGTSTP and SIGCONT keep their
 * default: they reach the group too, and the shell waits for this process to stop.
 */
function forwardSignals(child) {
  const byKeyboard = hasTerminal() ? () => undefined : (signal) => child.kill(signal);
  const forward = (signal) => child.kill(signal);
  const listeners = [
    ['SIGINT', byKeyboard],
    ['SIGQUIT', byKeyboard],
    ['SIGTERM', forward],
    ['SIGHUP', forward],
    ['SIGUSR2', forward],
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return {
    stop: () => {
      for (const [signal, listener] of listeners) process.removeListener(signal, listener);
    },
  };
}

/** Whether a terminal controls this process; without one nothing but a `kill` can have sent SIGINT. */
function hasTerminal() {
  try {
    fs.closeSync(fs.openSync('/dev/tty', 'r'));
    return true;
  } catch (_none) {
    return false;
  }
}

/** Ends as the child ended, so that whoever waits sees the signal; a signal that does not end it is 128 + its number. */
function endBySignal(signal) {
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + (os.constants.signals[signal] || 0)), 1000);
}
