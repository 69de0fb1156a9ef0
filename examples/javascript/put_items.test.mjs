// Puts items with the AWS SDK for JavaScript v3, answered by `personalize-contract serve`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { PersonalizeEventsClient, PutItemsCommand } from "@aws-sdk/client-personalize-events";

const COMMAND = (process.env.PERSONALIZE_CONTRACT ?? "personalize-contract").split(" ");
const DATASET = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS";
const MISSING = DATASET.replace("active", "missing");

// `serve` prints its URL first, what is wrong on standard error, and ends with its exit status.
async function serve(...options) {
  const [program, ...first] = COMMAND;
  const server = spawn(program, [...first, "serve", ...options]);
  let said = "";
  server.stderr.on("data", (data) => (said += data));
  const ended = once(server, "close");
  const [url] = await once(createInterface(server.stdout), "line");
  return {
    url,
    stop: async () => {
      server.kill("SIGTERM");
      const [status] = await ended;
      return { status, said };
    },
  };
}

function client(url) {
  const credentials = { accessKeyId: "none", secretAccessKey: "none" };
  return new PersonalizeEventsClient({ endpoint: url, region: "us-east-1", credentials });
}

function items(count) {
  return Array.from({ length: count }, (_, number) => ({
    itemId: `tea-${number}`,
    properties: JSON.stringify({ category: "tea" }),
  }));
}

const put = (url, count, datasetArn = DATASET) =>
  client(url).send(new PutItemsCommand({ datasetArn, items: items(count) }));

test("the reference service answers as the page says", async () => {
  const server = await serve();
  try {
    await put(server.url, 10);
    await assert.rejects(put(server.url, 11), { name: "InvalidInputException" });
    await assert.rejects(put(server.url, 1, MISSING), { name: "ResourceNotFoundException" });
  } finally {
    const { said } = await server.stop();
    assert.match(said, /request\.items\.max-members by the caller/);
  }
});

test("throttling is tried again", async () => {
  const server = await serve("--fail", "ThrottlingException:2");
  try {
    const { $metadata } = await put(server.url, 2);
    assert.equal($metadata.attempts, 3);
    const faults = `${server.url}/personalize-contract/faults`;
    await fetch(faults, { method: "POST", body: '{"fail": "AccessDeniedException"}' });
    await assert.rejects(put(server.url, 2), { name: "AccessDeniedException" });
  } finally {
    await server.stop();
  }
});

test("what is forwarded is recorded, and the recording answers", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cassettes-"));
  const service = await serve();
  try {
    const recorder = await serve("--forward", service.url, "--record", folder);
    await put(recorder.url, 2);
    await assert.rejects(put(recorder.url, 1, MISSING), { name: "ResourceNotFoundException" });
    assert.equal((await recorder.stop()).status, 0);

    const replay = await serve("--replay", folder);
    await put(replay.url, 2);
    await assert.rejects(put(replay.url, 1, MISSING), { name: "ResourceNotFoundException" });
    assert.equal((await replay.stop()).status, 0);

    const other = await serve("--replay", folder);
    await assert.rejects(put(other.url, 3), /no recorded exchange answers/);
    assert.equal((await other.stop()).status, 2);
  } finally {
    await service.stop();
    await rm(folder, { recursive: true });
  }
});
