// Writes a filing event to Kafka itself, with a plain CloudEvents SDK: upstream.mjs BROKERS FILE TICKER YEAR.
import "./lz4.mjs";
import { readFile } from "node:fs/promises";
import { CloudEvent, Kafka as binding } from "cloudevents";
import { v7 as uuidv7 } from "uuid";
import kafkajs from "kafkajs";

const { CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs;
const [brokers, file, ticker, year] = process.argv.slice(2);
const event = new CloudEvent({
  id: uuidv7(), // the task's id, too
  type: "sigmak.filing.submitted.v1",
  source: "/examples/node",
  subject: ticker,
  datacontenttype: "application/json",
  data: { ticker, filing_year: Number(year), html_content: await readFile(file, "utf8") },
});
const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.ERROR });
// By murmur2 of the ticker, as Java's clients do.
const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
try {
  const given = Object.entries(binding.binary(event).headers).filter(([, value]) => value !== undefined);
  const message = { key: ticker, headers: Object.fromEntries(given), value: JSON.stringify(event.data) };
  const compression = CompressionTypes.LZ4;
  const [record] = await producer.send({ topic: "sigmak.filings.v1", messages: [message], compression });
  console.log(`task ${event.id} in partition ${record.partition}`);
} finally {
  await producer.disconnect();
}
