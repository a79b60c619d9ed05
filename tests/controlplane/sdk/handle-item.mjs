// SPDX-License-Identifier: Apache-2.0
// The SDK's worker serves one item that was claimed and acked by somebody else, as it does inside a
// session container: everything but the working directory comes from the ANTHROPIC_* environment.
//
//   argument: the working directory
import Anthropic from '@anthropic-ai/sdk';
import { EnvironmentWorker } from '@anthropic-ai/sdk/helpers/beta/environments';

const client = new Anthropic({ apiKey: null, authToken: null });
await new EnvironmentWorker({ client, workdir: process.argv[2] }).handleItem();
