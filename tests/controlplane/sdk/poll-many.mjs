// SPDX-License-Identifier: Apache-2.0
// One of the SDK's pollers per environment, each for as long as it goes on or until stdin ends. The
// first has a head start, because Node is slow at what it does for the first time; the others start
// one after the other. What is handed over is done at once. Prints one JSON line per event:
//
//   {"environment", "time", "event": "run"}                the loop's body got an item
//   {"environment", "time", "event": "throws", "error"}    the loop ended: a status, or a class
//
//   environment: ANTHROPIC_BASE_URL, ENVIRONMENTS (JSON: [{"id", "key"}, ...]), START_EVERY_MS
import Anthropic from '@anthropic-ai/sdk';
import { WorkPoller } from '@anthropic-ai/sdk/helpers/beta/environments';
import { setTimeout } from 'node:timers/promises';

const HEAD_START_MS = 1000;

const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();

async function serve({ id, key }, index) {
	const tell = (event) =>
		console.log(JSON.stringify({ environment: id, time: Date.now() / 1000, ...event }));
	const poller = new WorkPoller({
		client: new Anthropic({ apiKey: null, authToken: null, logLevel: 'off' }),
		environmentId: id,
		environmentKey: key,
		signal: stop.signal,
	});
	if (index > 0) await setTimeout(HEAD_START_MS + index * Number(process.env.START_EVERY_MS));
	try {
		for await (const _ of poller) tell({ event: 'run' });
	} catch (error) {
		tell({ event: 'throws', error: String(error.status ?? error.constructor.name) });
	}
}
await Promise.all(JSON.parse(process.env.ENVIRONMENTS).map(serve));
