#!/usr/bin/env node
// Finds a fit Node.js, turns the compile cache on, calls main, sets process.exitCode; nothing else.
// The syntax stays plain enough for an old Node.js to come as far as `rerun`.
const OLDEST_NODE = 24;

async function start() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    const { rerun } = await import('./rerun.js');
    return rerun(OLDEST_NODE);
  }
  if (process.env.SALVOR_WRAPPER_FD !== undefined) {
    const { dieWithWrapper } = await import('./die-with-wrapper.js');
    dieWithWrapper();
  }
  const { findCacheDirectory } = await import('./find-cache-directory.js');
  const cache = findCacheDirectory();
  if (cache !== undefined) process.getBuiltinModule('node:module').enableCompileCache(cache);
  const { main } = await import('../dist/main.js');
  process.exitCode = await main(process.argv.slice(2));
}

void start();
