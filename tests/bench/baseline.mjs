// SPDX-License-Identifier: Apache-2.0
// What berth is measured against: the official SDK's poller, and the same requests to the engine as
// berth makes, kept as quick as Node lets them be. Its loop goes on while a container is made, up to
// LAUNCHES of them at once; connections are kept; one stream of events tells which containers have
// ended.
//
//   environment: ANTHROPIC_BASE_URL, ENVIRONMENT_KEY, ENVIRONMENTS (how many), ENGINE (its socket),
//                CREATE_BODY (a file), LAUNCHES, DRAIN (if set: until the queue is empty)
import Anthropic from '@anthropic-ai/sdk';
import { WorkPoller } from '@anthropic-ai/sdk/helpers/beta/environments';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout } from 'node:timers/promises';

const { ENGINE, ENVIRONMENT_KEY, DRAIN } = process.env;
const launches = Number(process.env.LAUNCHES);
const template = JSON.parse(readFileSync(process.env.CREATE_BODY));
const agent = new http.Agent({ keepAlive: true });

function ask(method, path, body) {
	return new Promise((resolve, reject) => {
		const text = body && JSON.stringify(body);
		const headers = text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {};
		const request = http.request({ socketPath: ENGINE, agent, method, path: `/v1.41${path}`, headers }, (reply) => {
			const parts = [];
			reply.on('data', (part) => parts.push(part));
			reply.on('end', () => {
				const all = Buffer.concat(parts).toString();
				if (reply.statusCode >= 400) reject(new Error(`${method} ${path}: ${reply.statusCode} ${all}`));
				else resolve(all && JSON.parse(all));
			});
		});
		request.on('error', reject);
		request.end(text);
	});
}

let atWork = 0;
const waiting = [];

async function place() {
	if (atWork >= launches) await new Promise((go) => waiting.push(go));
	else atWork++;
}

function leave() {
	if (waiting.length > 0) waiting.shift()();
	else atWork--;
}

async function launch(work) {
	try {
		const body = { ...template, Labels: { 'bench.work': work.id } };
		const { Id } = await ask('POST', `/containers/create?name=bench-${work.id}`, body);
		await ask('GET', `/containers/${Id}/json`);
		await ask('POST', `/containers/${Id}/start`);
	} finally {
		leave();
	}
}

let left = 0;

async function clear(id) {
	await ask('GET', `/containers/${id}/json`);
	await ask('DELETE', `/containers/${id}?v=true`);
	left--;
}

function follow() {
	const filters = encodeURIComponent(JSON.stringify({ event: ['die'], type: ['container'] }));
	http.get({ socketPath: ENGINE, agent: false, path: `/v1.41/events?filters=${filters}` }, (reply) => {
		let text = '';
		reply.on('data', (part) => {
			text += part;
			const lines = text.split('\n');
			text = lines.pop();
			for (const line of lines) if (line.trim()) clear(JSON.parse(line).Actor.ID);
		});
	});
}

async function serve(_, number) {
	const poller = new WorkPoller({
		client: new Anthropic({ apiKey: null, authToken: null, logLevel: 'off' }),
		environmentId: `env_${number}`,
		environmentKey: ENVIRONMENT_KEY,
		autoStop: false,
		drain: Boolean(DRAIN),
		blockMs: DRAIN ? null : undefined,
	});
	for await (const work of poller) {
		await place();
		left++;
		launch(work);
	}
}

await ask('GET', '/version');
follow();
await Promise.all(Array.from({ length: Number(process.env.ENVIRONMENTS) }, serve));
while (left > 0) await setTimeout(1);
process.exit(0); // the stream of events has no end
