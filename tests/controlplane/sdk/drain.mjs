// SPDX-License-Identifier: Apache-2.0
// The SDK's poller drains the queue: prints one JSON line per item it claimed and acked.
//
//   environment: ANTHROPIC_BASE_URL, ANTHROPIC_ENVIRONMENT_ID, ANTHROPIC_ENVIRONMENT_KEY
import Anthropic from '@anthropic-ai/sdk';
import { WorkPoller } from '@anthropic-ai/sdk/helpers/beta/environments';

const client = new Anthropic({ apiKey: null, authToken: null });
const poller = new WorkPoller({
	client,
	environmentId: process.env.ANTHROPIC_ENVIRONMENT_ID,
	environmentKey: process.env.ANTHROPIC_ENVIRONMENT_KEY,
	workerId: 'sdk-poller',
	blockMs: 100,
	drain: true,
});
for await (const work of poller) {
	console.log(JSON.stringify({ id: work.id, type: work.data.type, session: work.data.id }));
}
