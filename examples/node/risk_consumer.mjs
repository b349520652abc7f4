// Prints the most severe risk of each finished filing, and then of each to come: risk_consumer.mjs BROKERS [GROUP].
import "./lz4.mjs";
import { Kafka as binding } from "cloudevents";
import kafkajs from "kafkajs";

const { Kafka, logLevel } = kafkajs;
const [brokers, groupId = "risk-consumer"] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId });
const seen = new Set(); // an assessment may come twice, under the same id

async function eachMessage({ message }) {
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, value.toString()]));
  const event = binding.toEvent({ headers, key: message.key?.toString(), value: message.value.toString() });
  if (seen.has(event.id)) return;
  const { ticker, filing_year, risks } = event.data;
  const [worst] = risks.toSorted((a, b) => b.severity.value - a.severity.value);
  const told = worst ? `${worst.severity.value.toFixed(2)} ${worst.heading}` : "no risks";
  console.log(`task ${event.id}: ${ticker} ${filing_year}: ${told}`);
  seen.add(event.id);
}

process.once("SIGINT", () => consumer.disconnect());
await consumer.connect();
await consumer.subscribe({ topic: "sigmak.risks.v1", fromBeginning: true });
await consumer.run({ eachMessage }); // offsets are committed after the work
