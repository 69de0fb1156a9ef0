// Makes the calls with the AWS SDK for JavaScript v3; prints a JSON list of [status, code].
import { readFileSync } from "node:fs";
import { PersonalizeEventsClient, PutItemsCommand } from "@aws-sdk/client-personalize-events";

const [url, calls] = [process.argv[2], JSON.parse(process.argv[3])];
const client = new PersonalizeEventsClient({ endpoint: url, maxAttempts: 1 });
const outcomes = [];
for (const call of calls) {
  try {
    const response = await client.send(new PutItemsCommand(call));
    outcomes.push([response.$metadata.httpStatusCode, ""]);
  } catch (error) {
    outcomes.push([error.$metadata?.httpStatusCode ?? 0, error.name]);
  }
}
const manifest = new URL(
  "node_modules/@aws-sdk/client-personalize-events/package.json",
  import.meta.url,
);
const { version } = JSON.parse(readFileSync(manifest));
console.log(JSON.stringify({ outcomes, version: `client-personalize-events ${version}` }));
