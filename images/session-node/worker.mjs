// SPDX-License-Identifier: Apache-2.0
//
// The session container's entry point: serve one claimed work item with the official SDK's worker, then exit.
// Everything it needs comes from the ANTHROPIC_* variables that handleItem() reads for itself (SDK 1.12.0:
// SESSION_ID, WORK_ID, ENVIRONMENT_ID, WORK_SECRET or ENVIRONMENT_KEY, BASE_URL). The working directory is the
// one the container was started in.
//
// Exit status: 0 the item ended or was given up on request (the worker has posted its stop, or had lost the
// lease); 1 it failed, and the last line on stderr says why.

const abort = new AbortController();

// The SDK installs no signal handlers, and a worker that dies without one leaves its item to the lease's
// expiry. Repeated signals change nothing: whoever sends them has SIGKILL for the end of its patience.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    console.error(`worker: ${signal}, ending the session`);
    abort.abort();
  });
}

// Imported only now: loading the SDK takes longer than starting Node, and a signal may come meanwhile.
const { default: Anthropic } = await import('@anthropic-ai/sdk');
// null keeps the client from looking for an organization's credential: a session has its own or none.
const client = new Anthropic({ apiKey: null, authToken: null });

let status = 0;
try {
  await client.beta.environments.work.worker().handleItem({ signal: abort.signal });
} catch (error) {
  if (!abort.signal.aborted) {
    console.error(`worker: ${error?.message ?? error}`);
    status = 1;
  }
}
// Said explicitly, because background jobs of the session may still hold pipes that keep Node alive.
process.exit(status);
